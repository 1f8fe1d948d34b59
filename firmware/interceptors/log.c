/* One line in the application's log for each call that has ended (gram/interceptor.h). It keeps nothing. */
#include "gram/interceptor.h"
#include "gram/server.h"
#include "gram/text.h"

/* The longest line: a path of 80, the rest at its longest. A longer path pushes the client's name out, not
 * the figures of interest. */
#define LINE_SIZE 200

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    char line[LINE_SIZE];
    struct gram_text t = gram_text_in(line, sizeof line);

    (void)self;
    gram_text_str(&t, gram_call_path(call));
    gram_text_char(&t, ' ');
    gram_text_str(&t, gram_status_name(status));
    gram_text_char(&t, ' ');
    gram_text_u32(&t, gram_call_age(call));
    gram_text_str(&t, " ms in ");
    gram_text_u32(&t, gram_call_bytes_in(call));
    gram_text_str(&t, " out ");
    gram_text_u32(&t, gram_call_bytes_out(call));
    gram_text_char(&t, ' ');
    gram_text_str(&t, gram_call_peer(call));
    gram_server_log(gram_call_server(call), GRAM_LOG_INFO, line);
}

const struct gram_interceptor gram_log_interceptor = {.before = NULL, .after = after};
