/* TLS on a board: what main() listens with in an image that was built with TLS=1 or MTLS=1 (tls.mk). */
#ifndef BOARD_TLS_H
#define BOARD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram_tls.h"

/* Where an image's random bytes come from. One of two files is linked: hardware_entropy.c, or, in images for QEMU, emulation_only_entropy.c. */
struct board_tls_entropy {
    bool (*fill)(uint8_t *buf, size_t len);
    const char *notice; /* said on the UART at every start; NULL: nothing */
};
extern const struct board_tls_entropy board_tls_entropy;

/* The certificate and key that were compiled in: made by credentials.py, below build/. */
extern const struct gram_tls_credentials board_tls_credentials;

/* TLS in front of the server. Says through `say` what has to be known; stops the device, with a line that says why, where TLS cannot start: there is
 * no way back to plaintext. */
struct gram_pipe *board_tls_pipe(gram_server *server, void (*say)(const char *line));

#endif
