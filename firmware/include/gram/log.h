/* Where log lines go. The core formats them itself and never prints: main() says what to do with a line. */
#ifndef GRAM_LOG_H
#define GRAM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gram_log_level { GRAM_LOG_ERROR, GRAM_LOG_INFO };

struct gram_log {
    /* A finished line without newline, valid during the call only. From the main loop. */
    void (*line)(enum gram_log_level level, const char *text);
    /* Every frame's 9-byte header as it is read (in) or written (out), with the first bytes of its payload where they are at hand (`len` may
     * be 0); NULL for none. Only where GRAM_TRACE is 1. `conn` numbers the connection slot. */
    void (*frame)(unsigned conn, bool in, const uint8_t header[9], const uint8_t *payload, size_t len);
};

/* Defined by the target, not by gram: what happens when one of gram's own rules turns out to be broken (never by anything a peer sends). `reason` says which. A
 * board prints it and stands still (or restarts: GRAM_FAULT_RESET), a host prints it and aborts; it must not return. Main loop. */
_Noreturn void gram_assert_failed(const char *reason);

#endif
