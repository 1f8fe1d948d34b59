/* Looking for files: those of the bound services, and what these import. Everything lies in flash and is
 * looked through each time; nothing is kept.
 *
 * Imports form no circle (protoc refuses that), but many files may import the same one: hence the list of
 * those that were met. */
#include "reflection_internal.h"

#include <string.h>

#include "reflection_symbols.h"

static bool is_listed(const struct gram_file *const *files, unsigned count, const struct gram_file *file)
{
    for (unsigned i = 0; i < count; i++) {
        if (files[i] == file) {
            return true;
        }
    }
    return false;
}

unsigned gram_reflection_closure(const struct gram_file *root,
                                 const struct gram_file *files[GRAM_REFLECTION_FILES])
{
    unsigned count = 1;

    files[0] = root;
    for (unsigned done = 0; done < count; done++) {
        for (unsigned i = 0; i < files[done]->dep_count && count < GRAM_REFLECTION_FILES; i++) {
            const struct gram_file *import = files[done]->deps[i];
            if (!is_listed(files, count, import)) {
                files[count++] = import;
            }
        }
    }
    return count;
}

typedef bool matches_fn(const struct gram_file *file, const char *text);

static const struct gram_file *find(const struct gram_app *app, matches_fn *matches, const char *text)
{
    const struct gram_file *files[GRAM_REFLECTION_FILES];

    for (unsigned b = 0; b < app->binding_count; b++) {
        const struct gram_file *root = app->bindings[b].service->file;
        unsigned count = root != NULL ? gram_reflection_closure(root, files) : 0;
        for (unsigned i = 0; i < count; i++) {
            if (matches(files[i], text)) {
                return files[i];
            }
        }
    }
    return NULL;
}

static bool is_named(const struct gram_file *file, const char *name)
{
    return strcmp(file->name, name) == 0;
}

const struct gram_file *gram_reflection_file_named(const struct gram_app *app, const char *name)
{
    return find(app, is_named, name);
}

const struct gram_file *gram_reflection_file_with(const struct gram_app *app, const char *symbol)
{
    /* ".user.User" is how descriptors themselves name a type. */
    return find(app, gram_reflection_defines, symbol[0] == '.' ? symbol + 1 : symbol);
}
