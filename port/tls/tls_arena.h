/* The memory that Mbed TLS allocates from; see tls_arena.c. */
#ifndef GRAM_TLS_ARENA_H
#define GRAM_TLS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What Mbed TLS calls for calloc and free. */
void *gram_tls_calloc(size_t count, size_t size);
void gram_tls_free(void *p);

/* Whose the next blocks are: 0 is the server's (keys, certificates), a connection has its number. */
void gram_tls_arena_owner(uint8_t owner);

/* Frees all that an owner still has; returns how many bytes that were. */
size_t gram_tls_arena_sweep(uint8_t owner);

struct gram_tls_arena_use {
    size_t size;   /* GRAM_TLS_ARENA */
    size_t used;   /* now, with 8 bytes for each block */
    size_t peak;   /* the most since the start or the last gram_tls_arena_reset_peak() */
    size_t blocks;
    size_t largest; /* free block: what still can be had in one piece */
    uint32_t refused; /* allocations that did not fit */
};
struct gram_tls_arena_use gram_tls_arena_use(void);
void gram_tls_arena_reset_peak(void);
/* Allocations refused so far. */
uint32_t gram_tls_arena_refused(void);
/* Bytes that an owner has. */
size_t gram_tls_arena_of(uint8_t owner);

/* For tests: the allocation after the next `n` fails, once; UINT32_MAX: none does. Returns how many there have been since it was called last. */
uint32_t gram_tls_arena_fail_after(uint32_t n);

/* Whether memory lies in the arena. */
bool gram_tls_arena_has(const void *p);

#endif
