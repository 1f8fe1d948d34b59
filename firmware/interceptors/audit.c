/* One line for each call that has ended (gram/audit.h). It keeps nothing. */
#include "gram/audit.h"

#include "gram/server.h"

#define USER_SIZE 33  /* a longer one is cut */
#define LINE_SIZE 200 /* the longest: a path of 80, the rest at its longest, and 60 for `more` */

const struct gram_key gram_audit_user = GRAM_KEY("user-id");

/* The client may send any byte that HTTP allows: spaces would look like another column, others may mean something to a terminal. */
static void put_user(struct gram_text *t, const gram_call *call)
{
    char user[USER_SIZE];

    gram_call_metadata_text(call, &gram_audit_user, user, sizeof user);
    if (user[0] == '\0')
        gram_text_char(t, '-');
    for (const char *c = user; *c != '\0'; c++)
        gram_text_char(t, *c > ' ' && *c <= '~' ? *c : '?');
}

void gram_audit_after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    const struct gram_audit *audit = (const struct gram_audit *)self;
    char line[LINE_SIZE];
    struct gram_text t = gram_text_in(line, sizeof line);

    gram_text_str(&t, "audit: ");
    put_user(&t, call);
    gram_text_char(&t, ' ');
    gram_text_str(&t, gram_call_path(call));
    gram_text_char(&t, ' ');
    gram_text_str(&t, gram_status_name(status));
    gram_text_char(&t, ' ');
    gram_text_u32(&t, gram_call_age(call));
    gram_text_str(&t, " ms");
    if (audit->more)
        audit->more(call, &t);
    if (audit->line)
        audit->line(call, line);
    else
        gram_server_log(gram_call_server(call), GRAM_LOG_INFO, line);
}
