/* TLS for programs on a host: certificates and keys from files, PEM or DER. A device gets DER in memory, and has none of this. */
#ifndef GRAM_TLS_FILES_H
#define GRAM_TLS_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "gram_pipe.h"

/* What the command line says; NULL: not given. */
struct tls_files {
    const char *cert, *key, *client_ca, *client_crl, *client_auth;
};

/* For --help. */
#define TLS_FILES_HELP                                                                                               \
    "  --tls-cert F   serve TLS with this certificate (PEM or DER); with --tls-key\n"                                \
    "  --tls-key F    its key\n"                                                                                     \
    "  --client-ca F  ask clients for a certificate that this CA has signed (mutual TLS)\n"                         \
    "  --client-auth required|optional   whether one without is refused (required)\n"                               \
    "  --client-crl F revoked client certificates\n"

/* Takes `--tls-cert F` and the like, when it is one of those; false: it is another option. */
bool tls_files_option(struct tls_files *files, const char *name, const char *value);

/* What the server listens with: plaintext, or TLS if files were named. `server` has been initialised. On a mistake it says so in one line and ends the program. */
struct gram_pipe *tls_files_pipe(const struct tls_files *files, gram_server *server);

/* The end of TLS; returns how many bytes of its arena are still taken. */
size_t tls_files_end(void);

/* What grpcurl needs to be told: "-plaintext", or the CA, and the client's certificate, where they lie beside the server's. */
const char *tls_files_grpcurl(const struct tls_files *files);

#endif
