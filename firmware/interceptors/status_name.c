/* The names of the statuses, for those who write them down: the core itself has no use for them. Linked into every image that asks. */
#include "gram/status.h"

#include <string.h>

const char *gram_status_name(gram_status status)
{
    /* one string after the other: a table of pointers or of equal lengths would be twice as large */
    const char *name = "OK\0CANCELLED\0UNKNOWN\0INVALID_ARGUMENT\0DEADLINE_EXCEEDED\0NOT_FOUND\0ALREADY_EXISTS\0"
                       "PERMISSION_DENIED\0RESOURCE_EXHAUSTED\0FAILED_PRECONDITION\0ABORTED\0OUT_OF_RANGE\0"
                       "UNIMPLEMENTED\0INTERNAL\0UNAVAILABLE\0DATA_LOSS\0UNAUTHENTICATED";

    if (status < GRAM_OK || status > GRAM_UNAUTHENTICATED)
        return "?";
    for (int i = 0; i < (int)status; i++)
        name += strlen(name) + 1;
    return name;
}
