/* The transport on BSD sockets and Linux epoll: one thread, non-blocking, for embedded Linux and for tests with many connections. */
#ifndef GRAM_POSIX_H
#define GRAM_POSIX_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "gram_pipe.h"

/* Listens on every address, IPv6 and IPv4. False, with errno: the port is taken (EADDRINUSE), or may not be had (EACCES). Once in a program; `pipe` (plaintext, or TLS) stays. */
bool gram_posix_listen(struct gram_pipe *pipe, uint16_t port);

/* Serves until the server is down (gram_server_shutdown()), or *stop is not 0, which a signal handler sets: the signals must be blocked but during this call's waits (`mask` is
 * the signal mask of the waits). May be called again, to go on. False, with errno: epoll has failed. */
bool gram_posix_run(gram_server *server, const volatile sig_atomic_t *stop, const sigset_t *mask);

/* Closes every connection that is left. */
void gram_posix_close(void);

/* Milliseconds of a clock that is not set back, wrapping. */
uint32_t gram_posix_now(void);

#endif
