/* The remembering vocabulary. Checks what the decoder promises: every value that begins ends before the
 * next, no bytes outside. */
#include "hpack_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpack_rfc.h"

static void demand(bool promise, const char *text)
{
    if (promise)
        return;
    fprintf(stderr, "hpack_record: %s\n", text);
    abort();
}

static const char *name_at(const void *ctx, unsigned i, uint8_t *number)
{
    const struct hpack_record *r = ctx;
    if (i >= r->names)
        return NULL;
    *number = r->name[i].number;
    return r->name[i].name;
}

static bool value_begin(void *ctx, uint8_t name)
{
    struct hpack_record *r = ctx;
    demand(!r->open, "a value begins inside another");
    demand(name < GRAM_HPACK_NAME_OTHER, "a value of an unknown name");
    if (name == r->deaf)
        return false;
    demand(r->value_count < HPACK_RECORD_VALUES, "too many values; raise HPACK_RECORD_VALUES");
    r->open = true;
    r->begun++;
    r->value_at[r->value_count] = r->used;
    return true;
}

static void value_data(void *ctx, const uint8_t *data, size_t len)
{
    struct hpack_record *r = ctx;
    demand(r->open, "bytes outside of a value");
    demand(len > 0, "no bytes at all");
    demand(len <= HPACK_RECORD_BYTES - r->used, "too many bytes; raise HPACK_RECORD_BYTES");
    memcpy(r->bytes + r->used, data, len);
    r->used += len;
}

static uint16_t value_end(void *ctx, bool kept)
{
    struct hpack_record *r = ctx;
    uint16_t number = (uint16_t)(GRAM_HPACK_VALUE_FREE + r->value_count);
    demand(r->open, "a value ends that did not begin");
    r->open = false;
    r->ended++;
    size_t at = r->value_at[r->value_count];
    r->value_len[r->value_count] = r->used - at;
    r->value_count++;
    if (kept && GRAM_HPACK_STORE > 0) {
        demand(r->kept_count < 128, "more entries are kept than the table holds");
        r->kept[(r->kept_first + r->kept_count++) % 128] = number;
    }
    return number;
}

static void field(void *ctx, uint8_t name, uint16_t value, uint32_t size)
{
    struct hpack_record *r = ctx;
    demand(!r->open, "a field inside a value");
    demand(r->count < HPACK_RECORD_FIELDS, "too many fields; raise HPACK_RECORD_FIELDS");
    r->field[r->count++] = (struct hpack_record_field){.size = size, .value = value, .name = name};
}

static void evicted(void *ctx, uint8_t name, uint16_t value)
{
    struct hpack_record *r = ctx;
    demand(name < GRAM_HPACK_NAME_OTHER, "an entry of an unknown name is evicted");
    if (value < GRAM_HPACK_VALUE_FREE || value == GRAM_HPACK_VALUE_BAD)
        return; /* was never kept */
    demand(r->kept_count > 0 && r->kept[r->kept_first] == value, "it is not the oldest that is evicted");
    r->kept_first = (r->kept_first + 1) % 128;
    r->kept_count--;
}

const struct gram_hpack_vocab hpack_record_vocab = {
    .name = name_at,
    .value_begin = value_begin,
    .value_data = value_data,
    .value_end = value_end,
    .evicted = evicted,
    .field = field,
};

static void list(struct hpack_record *record, const char *name, size_t number)
{
    demand(number < GRAM_HPACK_NAME_OTHER, "more names than numbers");
    record->name[record->names++] = (struct gram_hpack_name){name, (uint8_t)number};
}

void hpack_record_init(struct hpack_record *record, const char *const *extra)
{
    memset(record, 0, offsetof(struct hpack_record, bytes));
    for (; extra != NULL && *extra != NULL; extra++)
        list(record, *extra, GRAM_HPACK_EXTRA + record->names);
    record->extras = record->names;
    for (unsigned i = 15; i <= 61; i++) /* behind the pseudo-headers; each name once */
        list(record, hpack_rfc_static[i].name, i);
}

void hpack_record_begin(struct hpack_record *record)
{
    record->count = 0;
}

const char *hpack_record_name(const struct hpack_record *record, size_t i)
{
    uint8_t name = record->field[i].name;
    if (name == GRAM_HPACK_NAME_OTHER)
        return "?";
    if (name == GRAM_HPACK_NAME_PSEUDO)
        return ":?";
    if (name == GRAM_HPACK_NAME_BAD)
        return "!";
    return name < GRAM_HPACK_EXTRA ? hpack_rfc_static[name].name : record->name[name - GRAM_HPACK_EXTRA].name;
}

const uint8_t *hpack_record_value(const struct hpack_record *record, size_t i, size_t *len)
{
    uint16_t value = record->field[i].value;
    const char *s = "";
    if (value == GRAM_HPACK_VALUE_BAD)
        s = "!";
    else if (value >= GRAM_HPACK_VALUE_FREE) {
        size_t v = value - GRAM_HPACK_VALUE_FREE;
        *len = record->value_len[v];
        return record->bytes + record->value_at[v];
    } else if (value != GRAM_HPACK_VALUE_NONE) {
        s = hpack_rfc_static[value].value;
    }
    *len = strlen(s);
    return (const uint8_t *)s;
}

const char *hpack_record_text(const struct hpack_record *record, size_t i)
{
    static char text[1024];
    size_t len;
    const uint8_t *value = hpack_record_value(record, i, &len);
    snprintf(text, sizeof text, "%s: %.*s", hpack_record_name(record, i), (int)len, (const char *)value);
    return text;
}
