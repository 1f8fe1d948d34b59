/* Names in a descriptor. Apart from reflection's other parts, and in need of none of them. */
#ifndef GRAM_REFLECTION_SYMBOLS_H
#define GRAM_REFLECTION_SYMBOLS_H

#include <stdbool.h>

#include "gram/service.h"

/* Whether the file defines this service, method, message, field, oneof, enum, value or extension: a full name. */
bool gram_reflection_defines(const struct gram_file *file, const char *symbol);

#endif
