/* The response header server-version (gram/server_version.h). It keeps nothing. */
#include "gram/server_version.h"

#include <string.h>

gram_status gram_server_version_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_server_version *version = (const struct gram_server_version *)self;

    gram_call_header(call, "server-version", version->text, strlen(version->text));
    return GRAM_OK;
}
