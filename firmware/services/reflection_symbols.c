/* Whether a file defines a name such as "user.User.hobbies", told from its descriptor alone: a list of all
 * names would take more flash than the descriptors do.
 *
 * A descriptor is a tree of named things, written as protobuf (google/protobuf/descriptor.proto). The way
 * down follows the name, part by part: within one thing no two have the same name, so there is never a
 * second way to try. The values of an enum are named as its siblings are, "user.ACTIVE": so protobuf's
 * rules of scope will have it. */
#include "reflection_symbols.h"

#include <string.h>

/* Bytes still to be read. Each read checks what is left first, although all come from flash. */
struct span {
    const uint8_t *p;
    size_t len;
};

enum kind { FILE_KIND, MESSAGE, ENUM, SERVICE, LEAF };

/* Where named things lie in named things: by their field numbers. */
static const struct {
    uint8_t in, field, kind;
} layout[] = {
    {FILE_KIND, 4, MESSAGE},
    {FILE_KIND, 5, ENUM},
    {FILE_KIND, 6, SERVICE},
    {FILE_KIND, 7, LEAF}, /* extension */
    {MESSAGE, 2, LEAF},   /* field */
    {MESSAGE, 3, MESSAGE},
    {MESSAGE, 4, ENUM},
    {MESSAGE, 6, LEAF}, /* extension */
    {MESSAGE, 8, LEAF}, /* oneof */
    {ENUM, 2, LEAF},    /* value */
    {SERVICE, 2, LEAF}, /* method */
};

#define NAME_FIELD 1
#define PACKAGE_FIELD 2 /* of a file */

enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static bool read_varint(struct span *s, uint32_t *value)
{
    *value = 0;
    for (unsigned shift = 0; s->len > 0; shift += 7) {
        uint8_t byte = *s->p++;
        s->len--;
        if (shift < 32) {
            *value |= (uint32_t)(byte & 0x7f) << shift;
        }
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* The next field that is text or a message; others are passed over. */
static bool read_field(struct span *s, uint32_t *field, struct span *value)
{
    uint32_t key, len;

    while (read_varint(s, &key)) {
        switch (key & 7) {
        case VARINT:
            if (!read_varint(s, &len)) {
                return false;
            }
            continue;
        case FIXED64:
            len = 8;
            break;
        case FIXED32:
            len = 4;
            break;
        default:
            if (!read_varint(s, &len)) {
                return false;
            }
            break;
        }
        if (s->len < len) {
            return false;
        }
        *field = key >> 3;
        *value = (struct span){s->p, len};
        s->p += len;
        s->len -= len;
        if ((key & 7) == BYTES) {
            return true;
        }
    }
    return false;
}

/* The first field of that number; empty if there is none. */
static struct span field_of(struct span s, uint32_t wanted)
{
    struct span value;
    uint32_t field;

    while (read_field(&s, &field, &value)) {
        if (field == wanted) {
            return value;
        }
    }
    return (struct span){NULL, 0};
}

static bool is_called(struct span thing, const char *name, size_t len)
{
    struct span own = field_of(thing, NAME_FIELD);

    return own.len == len && len > 0 && memcmp(own.p, name, len) == 0;
}

/* The next named thing in one of kind `in`. */
static bool next_child(struct span *s, enum kind in, enum kind *kind, struct span *child)
{
    uint32_t field;

    while (read_field(s, &field, child)) {
        for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++) {
            if (layout[i].in == in && layout[i].field == field) {
                *kind = (enum kind)layout[i].kind;
                return true;
            }
        }
    }
    return false;
}

static bool has_value(struct span enumeration, const char *name, size_t len)
{
    struct span value;
    enum kind kind;

    while (next_child(&enumeration, ENUM, &kind, &value)) {
        if (is_called(value, name, len)) {
            return true;
        }
    }
    return false;
}

enum step { NOT_HERE, DOWN, FOUND };

/* Goes one step down, or finds the last part. */
static enum step descend(struct span *at, enum kind *in, const char *part, size_t len, bool is_last)
{
    struct span rest = *at, child;
    enum kind kind;

    while (next_child(&rest, *in, &kind, &child)) {
        if (is_last && kind == ENUM && has_value(child, part, len)) {
            return FOUND;
        }
        if (!is_called(child, part, len)) {
            continue;
        }
        if (is_last) {
            return FOUND;
        }
        *at = child;
        *in = kind;
        return kind == MESSAGE || kind == SERVICE ? DOWN : NOT_HERE;
    }
    return NOT_HERE;
}

bool gram_reflection_defines(const struct gram_file *file, const char *symbol)
{
    struct span at = {file->bytes, file->len};
    struct span package = field_of(at, PACKAGE_FIELD);
    enum kind in = FILE_KIND;
    enum step step = DOWN;

    if (package.len > 0) {
        if (strncmp(symbol, (const char *)package.p, package.len) != 0 || symbol[package.len] != '.') {
            return false;
        }
        symbol += package.len + 1;
    }
    while (step == DOWN) {
        size_t len = strcspn(symbol, ".");
        bool is_last = symbol[len] == '\0';
        step = descend(&at, &in, symbol, len, is_last);
        symbol += len + !is_last;
    }
    return step == FOUND;
}
