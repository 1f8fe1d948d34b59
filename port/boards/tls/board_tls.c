/* TLS on a board, from what was compiled in. A client CA in it means mutual TLS. The device knows no time, so the dates of client
 * certificates are not looked at (docs/security.md). */
#include "board_tls.h"

#include "fault.h"
#include "gram/text.h"

static struct gram_tls tls;

struct gram_pipe *board_tls_pipe(gram_server *server, void (*say)(const char *line))
{
    const struct gram_tls_config config = {
        .entropy = board_tls_entropy.fill,
        .client_auth = board_tls_credentials.client_ca_len > 0 ? GRAM_TLS_CLIENT_REQUIRED : GRAM_TLS_CLIENT_NONE,
        .credentials = board_tls_credentials,
    };
    uint8_t one;

    if (board_tls_entropy.notice != NULL) {
        say(board_tls_entropy.notice);
    }
    if (!config.entropy(&one, sizeof one)) {
        fault_stop("TLS does not start: this board has no entropy source (board_entropy() in its board.c; docs/security.md)");
    }
    const char *problem = gram_tls_init(&tls, server, &config);
    if (problem != NULL) {
        char line[160];
        struct gram_text t = gram_text_in(line, sizeof line);

        gram_text_str(&t, "TLS does not start: ");
        gram_text_str(&t, problem);
        fault_stop(line);
    }
    return &tls.pipe;
}
