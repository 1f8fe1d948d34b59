/* The names of the statuses. */
#include "gram/status.h"

const char *gram_status_name(gram_status status)
{
    static const char names[][20] = {
        "OK",          "CANCELLED",         "UNKNOWN",        "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND",   "ALREADY_EXISTS",    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",     "OUT_OF_RANGE",      "UNIMPLEMENTED",  "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS",   "UNAUTHENTICATED",
    };

    return status >= GRAM_OK && status <= GRAM_UNAUTHENTICATED ? names[status] : "?";
}
