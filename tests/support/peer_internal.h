/* What the files of the tests' client say to each other. */
#ifndef PEER_INTERNAL_H
#define PEER_INTERNAL_H

#include "peer.h"

/* Room for `needed` elements of `size` bytes; the array may move. */
void *peer_grow(void *p, size_t size, size_t *room, size_t needed);
/* Takes apart what has come since the last time (peer_answer.c). */
void peer_parse(struct peer *p);
struct answer *peer_add_answer(struct peer *p, uint32_t id);

#endif
