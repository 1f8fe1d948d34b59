/* What AUTH=1 puts around the service: every ready-made interceptor, in the order that gram/interceptor.h recommends. */
#ifndef USERS_AUTH_H
#define USERS_AUTH_H

#include "gram/gram.h"

enum { USERS_INTERCEPTORS = 8, USERS_KEYS = 3 };

extern const struct gram_interceptor *const users_interceptors[USERS_INTERCEPTORS];
extern const struct gram_key *const users_keys[USERS_KEYS];

/* Before the first call. */
void users_auth_start(gram_server *server);

#endif
