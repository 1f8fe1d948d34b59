/* Which methods a pattern means (gram/interceptor.h). Linked into every image that asks. */
#include "gram/interceptor.h"

#include <string.h>

bool gram_path_matches(const char *path, const char *pattern)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return strncmp(path, pattern, len - 1) == 0;
    return strcmp(path, pattern) == 0;
}

bool gram_path_in(const char *path, const struct gram_path_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (gram_path_matches(path, list->patterns[i]))
            return true;
    }
    return false;
}
