/* What a program on a host tells its user: log lines, the ready line with calls to paste, and how it ended. The same words as a board's. */
#ifndef GRAM_CONSOLE_H
#define GRAM_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "gram/server.h"

/* For gram_log.line: to standard output. */
void console_line(enum gram_log_level level, const char *text);

/* `target` and `address` as in "gram: users ready on localhost:50051 (simulator, address 10.0.2.15)", then lines for grpcurl, which
 * is told `flags` ("-plaintext"). `host` is what clients call. */
void console_ready(const char *host, uint16_t port, const char *target, const char *address, const char *flags);

/* What Ctrl-C gives calls under way, unless its user says otherwise. */
#define CONSOLE_GRACE_MS 5000

/* Ctrl-C: begins the server's end, and says what is waited for, if anything. */
void console_shutdown(gram_server *server, uint32_t grace_ms);

/* The last line: tests read it. After all clients have left, whatever is still taken has leaked. `tls_bytes` of TLS: tls_files_end(). */
void console_end(const gram_server *server, size_t tls_bytes);

/* The number that is an option's value. If it is none, or not within the bounds, says so and ends the program. */
uint32_t console_number(const char *option, const char *text, uint32_t low, uint32_t high);

#endif
