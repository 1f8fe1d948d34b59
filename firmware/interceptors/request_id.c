/* Request ids (gram/request_id.h). Of a call its number is kept: 0 until `before`, CLIENTS for one that the client gave (it lies in the
 * call's metadata), else the count of the one that was made, from which its text is made again. */
#include "gram/request_id.h"

#include <string.h>

#include "gram/text.h"

#define CLIENTS UINT32_MAX

const struct gram_key gram_request_id_key = GRAM_KEY("x-request-id");

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* The client's, if there is one and it is well-formed. */
static bool of_client(const gram_call *call, char id[GRAM_REQUEST_ID_SIZE])
{
    int32_t len = gram_call_metadata(call, &gram_request_id_key, 0, id, GRAM_REQUEST_ID_SIZE - 1);

    if (len < 1 || len > GRAM_REQUEST_ID_SIZE - 1)
        return false;
    id[len] = '\0';
    for (; *id != '\0'; id++)
        if (!is_plain(*id))
            return false;
    return true;
}

void gram_request_id_of(const struct gram_request_id *self, gram_call *call, char id[GRAM_REQUEST_ID_SIZE])
{
    uint32_t number = *(uint32_t *)gram_interceptor_state(&self->hooks, call);
    struct gram_text t;

    if (number == CLIENTS && of_client(call, id))
        return;
    t = gram_text_in(id, GRAM_REQUEST_ID_SIZE);
    if (number != 0) {
        gram_text_hex(&t, self->ids->start, 8);
        gram_text_char(&t, '-');
        gram_text_hex(&t, number, 8);
    } else {
        gram_text_char(&t, '-');
    }
}

gram_status gram_request_id_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_request_id *request_id = (const struct gram_request_id *)self;
    uint32_t *number = gram_interceptor_state(self, call);
    char id[GRAM_REQUEST_ID_SIZE];

    *number = CLIENTS;
    if (!of_client(call, id)) {
        if (++request_id->ids->count == CLIENTS) /* both have a meaning of their own */
            request_id->ids->count = 1;
        *number = request_id->ids->count;
        gram_request_id_of(request_id, call, id);
    }
    gram_call_header(call, gram_request_id_key.name, id, strlen(id));
    return GRAM_OK;
}
