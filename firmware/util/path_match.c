/* Which methods a pattern means (gram/interceptor.h). */
#include "gram/interceptor.h"

bool gram_path_matches(const char *path, const char *pattern)
{
    while (*pattern != '\0' && *pattern == *path) {
        pattern++;
        path++;
    }
    return *pattern == *path || (*pattern == '*' && pattern[1] == '\0');
}

bool gram_path_in(const char *path, const struct gram_path_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (gram_path_matches(path, list->patterns[i]))
            return true;
    }
    return false;
}
