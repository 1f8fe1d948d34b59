/* The client's side of HPACK. Invariant: size is the sum of the entries' (32 + name + value), and at most
 * max. */
#include "peer_hpack.h"

#include <stdio.h>
#include <string.h>

#include "hpack_rfc.h"

struct reader {
    const uint8_t *at;
    size_t left;
    const char *why; /* the first error */
};

void peer_hpack_init(struct peer_hpack *h)
{
    memset(h, 0, sizeof *h);
    h->limit = h->max = h->lowest = 4096;
}

void peer_hpack_limit(struct peer_hpack *h, uint32_t limit)
{
    h->limit = limit;
    if (limit < h->lowest)
        h->lowest = limit;
}

static uint32_t entry_size(const struct peer_hpack *h, unsigned i)
{
    return (uint32_t)(32 + strlen(h->entry[i].name) + strlen(h->entry[i].value));
}

static void evict(struct peer_hpack *h, uint32_t to)
{
    while (h->size > to) {
        h->count--;
        h->size -= entry_size(h, h->count);
    }
}

static void fail(struct reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    r->left = 0;
}

static unsigned byte(struct reader *r)
{
    if (r->left == 0) {
        fail(r, "the block ends inside a field");
        return 0;
    }
    r->left--;
    return *r->at++;
}

static uint32_t integer(struct reader *r, unsigned first, unsigned prefix)
{
    uint32_t max = (1u << prefix) - 1;
    uint32_t v = first & max;

    if (v < max)
        return v;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        unsigned c = byte(r);
        v += (uint32_t)(c & 127) << shift;
        if (c < 128)
            return v;
    }
    fail(r, "an integer of more than 4 bytes");
    return 0;
}

static void string(struct reader *r, char *out, size_t size)
{
    unsigned first = byte(r);
    uint32_t len = integer(r, first, 7);

    out[0] = '\0';
    if (first & 128)
        fail(r, "Huffman: this server never uses it");
    if (len > r->left || len >= size) {
        fail(r, "a string longer than the block, or than expected");
        return;
    }
    memcpy(out, r->at, len);
    out[len] = '\0';
    r->at += len;
    r->left -= len;
}

/* Entry `index` of both tables; NULL and an error where there is none. */
static const char *name_of(struct peer_hpack *h, struct reader *r, uint32_t index, const char **value)
{
    if (index >= 1 && index <= 61) {
        *value = hpack_rfc_static[index].value;
        return hpack_rfc_static[index].name;
    }
    if (index == 0 || index - 62 >= h->count) {
        fail(r, "an index that is in no table");
        return NULL;
    }
    *value = h->entry[index - 62].value;
    return h->entry[index - 62].name;
}

static void insert(struct peer_hpack *h, const char *name, const char *value)
{
    uint32_t size = (uint32_t)(32 + strlen(name) + strlen(value));

    evict(h, size > h->max ? 0 : h->max - size);
    if (size > h->max)
        return;
    memmove(h->entry + 1, h->entry, h->count * sizeof h->entry[0]);
    strcpy(h->entry[0].name, name);
    strcpy(h->entry[0].value, value);
    h->count++;
    h->size += size;
    h->inserted++;
}

static void add_line(char *text, const char *name, const char *value)
{
    size_t used = strlen(text);

    snprintf(text + used, PEER_HPACK_TEXT - used, "%s: %s\n", name, value);
}

static void size_update(struct peer_hpack *h, struct reader *r, unsigned first, bool fields_before, bool *due)
{
    uint32_t size = integer(r, first, 5);

    if (fields_before)
        fail(r, "a size update after a field");
    if (size > h->limit)
        fail(r, "a size update above the limit");
    if (size <= h->lowest)
        *due = false;
    h->max = size;
    evict(h, size);
}

static void literal(struct peer_hpack *h, struct reader *r, unsigned first, char *text)
{
    bool added = (first & 0xc0) == 0x40;
    uint32_t index = integer(r, first, added ? 6 : 4);
    char name[PEER_HPACK_NAME], value[PEER_HPACK_TEXT];
    const char *unused;

    if (index == 0) {
        string(r, name, sizeof name);
    } else {
        const char *known = name_of(h, r, index, &unused);
        snprintf(name, sizeof name, "%s", known ? known : "");
    }
    string(r, value, added ? PEER_HPACK_VALUE : sizeof value);
    if (r->why)
        return;
    add_line(text, name, value);
    if (added)
        insert(h, name, value);
}

bool peer_hpack_decode(struct peer_hpack *h, const uint8_t *data, size_t len, char text[PEER_HPACK_TEXT],
                       const char **why)
{
    struct reader r = {.at = data, .left = len};
    bool fields = false;
    bool due = h->lowest < h->max;

    text[0] = '\0';
    while (r.left > 0) {
        unsigned first = byte(&r);
        bool update = (first & 0xe0) == 0x20;

        if (update) {
            size_update(h, &r, first, fields, &due);
            continue;
        }
        if (due)
            fail(&r, "the size update that is due does not come first");
        fields = true;
        if (first & 0x80) {
            const char *value = "";
            const char *name = name_of(h, &r, integer(&r, first, 7), &value);
            if (name)
                add_line(text, name, value);
        } else {
            literal(h, &r, first, text);
        }
    }
    h->lowest = h->limit;
    *why = r.why;
    return r.why == NULL;
}
