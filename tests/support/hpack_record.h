/* A vocabulary that remembers everything: it gives every value of a known name a number and keeps its
 * bytes, so that a test can compare header lists as strings. */
#ifndef HPACK_RECORD_H
#define HPACK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hpack.h"

enum {
    HPACK_RECORD_NAMES = 256,
    HPACK_RECORD_FIELDS = 512,
    HPACK_RECORD_VALUES = 4096,
    HPACK_RECORD_BYTES = 1 << 20
};

struct hpack_record_field {
    uint32_t size;
    uint16_t value;
    uint8_t name;
};

struct hpack_record {
    struct gram_hpack_name name[HPACK_RECORD_NAMES]; /* its list: the test's own, then all static names */
    size_t extras;            /* how many are the test's own */
    size_t names;             /* a test may make it `extras`: no static name is listed then */
    uint8_t deaf;             /* a name whose values are declined, 0 for none */
    size_t count;             /* fields of the block */
    struct hpack_record_field field[HPACK_RECORD_FIELDS];
    size_t value_count;       /* values ever seen; number GRAM_HPACK_VALUE_FREE + i */
    size_t value_at[HPACK_RECORD_VALUES];
    size_t value_len[HPACK_RECORD_VALUES];
    size_t used;
    uint16_t kept[128];       /* meanings in the table that evicted() was promised for, the oldest first */
    unsigned kept_first, kept_count;
    bool open;                /* a value has begun and not ended */
    unsigned begun, ended;    /* how often the vocabulary was asked */
    uint8_t bytes[HPACK_RECORD_BYTES];
};

extern const struct gram_hpack_vocab hpack_record_vocab;

/* Forgets all. `extra`: names of the test's own, NULL at the end, numbered from GRAM_HPACK_EXTRA on; may be
 * NULL. The struct is large: make it static. */
void hpack_record_init(struct hpack_record *record, const char *const *extra);
/* Forgets the block's fields, not what numbers mean. */
void hpack_record_begin(struct hpack_record *record);
/* The strings of field `i`; "?" for a name without meaning, "!" for a bad name or value, "" for a value
 * that nobody asked for. */
const char *hpack_record_name(const struct hpack_record *record, size_t i);
const uint8_t *hpack_record_value(const struct hpack_record *record, size_t i, size_t *len);
/* Field `i` as "name: value", in static memory. */
const char *hpack_record_text(const struct hpack_record *record, size_t i);

#endif
