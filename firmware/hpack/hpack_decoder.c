/* Decodes header blocks (RFC 7541 3, 6) as their bytes come, cut anywhere.
 *
 * States, by what the next byte is:
 *   FIELD        the first of a field or a size update; the only state that a block may end in
 *   INDEX, NAME_INDEX, UPDATE, LEN     one more of an integer, `number` holding it so far
 *   HEAD         the first of a string: its Huffman bit and length
 *   STRING       of the string, `number` of its bytes still to come (never 0 between two bytes)
 * A string is the field's name, or, with the flag VALUE, its value.
 *
 * Through a field: `len` counts the string's decoded bytes, `name` is what the name means (while it streams
 * past: OTHER, PSEUDO or BAD by its characters; a match is looked at when it is complete), `name_len` is how
 * long it was. A field that breaks a rule of HTTP is BAD and reported as such; only what breaks a rule of
 * HPACK is an error, since the tables are out of step then. An error is kept for good. */
#include "hpack.h"

#include <string.h>

#include "hpack_huffman.h"
#include "hpack_static.h"
#include "hpack_table.h"

enum state { FIELD, INDEX, NAME_INDEX, UPDATE, HEAD, LEN, STRING };

enum { /* flags */
    UPDATES = 1,  /* no field yet: size updates may come */
    ADD = 2,      /* the field goes into the table */
    ASKED = 4,    /* the vocabulary is told the value */
    BAD = 8,      /* the value is not one */
    VALUE = 16,   /* the name is complete */
    HUFFMAN = 128 /* the bit that a string's first byte has for it */
};

enum {
    HUFFMAN_PIECE = 16,    /* bytes decoded at a time: twice as many on the stack */
    LEN_MAX = 0x7fffff00   /* lengths stop here: two of them and 32 are a uint32_t, and more than any table */
};

/* The layers above. */
struct above {
    const struct gram_hpack_vocab *vocab;
    void *ctx;
};

/* ---- names ---- */

/* Every name that is recognised when it is spelled out, and its number: first the pseudo-headers, then what the
 * vocabulary lists. */
static const char *known_name(const struct above *above, unsigned i, uint8_t *number)
{
    static const struct gram_hpack_name pseudo[] = {
        {":path", GRAM_HPACK_PATH},     {":authority", GRAM_HPACK_AUTHORITY}, {":method", GRAM_HPACK_METHOD},
        {":scheme", GRAM_HPACK_SCHEME}, {":status", GRAM_HPACK_STATUS},
    };
    const unsigned count = sizeof pseudo / sizeof *pseudo;

    if (i >= count)
        return above->vocab->name(above->ctx, i - count, number);
    *number = pseudo[i].number;
    return pseudo[i].name;
}

static const char *candidate(const void *ctx, unsigned i)
{
    uint8_t number;
    return known_name(ctx, i, &number);
}

/* RFC 9113 8.2.1, and 8.3: a colon begins a pseudo-header's name and is nowhere else. */
static void name_data(struct gram_hpack_dec *dec, const struct above *above, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];
        if (c == ':' && dec->len + i == 0)
            dec->name = GRAM_HPACK_NAME_PSEUDO;
        else if (c <= 0x20 || c >= 0x7f || c == ':' || (c >= 'A' && c <= 'Z'))
            dec->name = GRAM_HPACK_NAME_BAD;
    }
    gram_hpack_match_feed(&dec->match, candidate, above, data, len);
}

static void name_end(struct gram_hpack_dec *dec, const struct above *above)
{
    unsigned match = gram_hpack_match_end(&dec->match, candidate, above);

    dec->name_len = dec->len;
    if (match != GRAM_HPACK_NO_MATCH)
        known_name(above, match, &dec->name);
    else if (dec->len == 0)
        dec->name = GRAM_HPACK_NAME_BAD;
}

/* Of a name that is known. */
static size_t name_length(const struct above *above, uint8_t number)
{
    const char *name;
    uint8_t its;
    unsigned i = 0;

    if (number <= HPACK_STATIC_COUNT)
        return gram_hpack_static_name_len(number);
    do /* it came from the list, and the list stays as it is */
        name = known_name(above, i++, &its);
    while (its != number);
    return strlen(name);
}

/* The name of a literal is that of an entry. Resolved here, before the literal itself can evict the entry
 * (RFC 7541 4.4). */
static enum gram_hpack_error name_by_index(struct gram_hpack_dec *dec, const struct above *above,
                                           uint32_t index)
{
    int slot = 0;

    if (index <= HPACK_STATIC_COUNT) {
        dec->name = (uint8_t)gram_hpack_static_first(index);
    } else {
        slot = gram_hpack_table_slot(&dec->table, index - HPACK_STATIC_COUNT - 1);
        if (slot < 0)
            return GRAM_HPACK_E_INDEX;
        dec->name = dec->table.entry_name[slot];
    }
    if (gram_hpack_name_known(dec->name))
        dec->name_len = (uint32_t)name_length(above, dec->name);
    else
        dec->name_len = gram_hpack_entry_name_len(dec->table.entry_value[slot]);
    return GRAM_HPACK_OK;
}

/* ---- values ---- */

static bool white(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Says which entries will go for the rest to take `room` bytes at most, the oldest first. */
static void tell_evicted(const struct gram_hpack_table *table, const struct above *above, uint32_t room)
{
    uint32_t size = table->size;

    if (GRAM_HPACK_STORE == 0)
        return;
    for (unsigned left = table->count; size > room;) {
        int slot = gram_hpack_table_slot(table, --left);
        size -= table->entry_size[slot];
        if (gram_hpack_name_known(table->entry_name[slot]))
            above->vocab->evicted(above->ctx, table->entry_name[slot], table->entry_value[slot]);
    }
}

/* RFC 9113 8.2.1. */
static void value_data(struct gram_hpack_dec *dec, const struct above *above, const uint8_t *data, size_t len)
{
    if (dec->len == 0 && white(data[0]))
        dec->flags |= BAD;
    for (size_t i = 0; i < len; i++)
        if (data[i] <= '\r' && (data[i] == '\0' || data[i] == '\n' || data[i] == '\r'))
            dec->flags |= BAD;
    dec->last_byte = data[len - 1];
    if ((dec->flags & ASKED) != 0)
        above->vocab->value_data(above->ctx, data, len);
}

static void value_end(struct gram_hpack_dec *dec, const struct above *above)
{
    uint32_t size = 32 + dec->name_len + dec->len;
    bool add = (dec->flags & ADD) != 0;
    bool bad = (dec->flags & BAD) != 0 || white(dec->last_byte);
    uint16_t value = GRAM_HPACK_VALUE_NONE;

    if ((dec->flags & ASKED) != 0) /* also of a bad one: it was begun */
        value = above->vocab->value_end(above->ctx, add && !bad && size <= dec->table.max);
    if (bad)
        value = GRAM_HPACK_VALUE_BAD;
    above->vocab->field(above->ctx, dec->name, value, size);
    if (!add)
        return;
    if (!gram_hpack_name_known(dec->name))
        value = gram_hpack_entry_keep(dec->name_len, value);
    tell_evicted(&dec->table, above, size < dec->table.max ? dec->table.max - size : 0);
    gram_hpack_table_add(&dec->table, dec->name, value, size);
}

/* ---- fields that are in a table ---- */

static enum gram_hpack_error indexed_field(struct gram_hpack_dec *dec, const struct above *above,
                                           uint32_t index)
{
    const struct gram_hpack_table *table = &dec->table;
    const struct gram_hpack_vocab *vocab = above->vocab;
    uint32_t size;
    uint16_t value;
    uint8_t name;

    dec->flags = 0;
    dec->state = FIELD;
    if (index > HPACK_STATIC_COUNT) {
        int slot = gram_hpack_table_slot(table, index - HPACK_STATIC_COUNT - 1);
        if (slot < 0)
            return GRAM_HPACK_E_INDEX;
        name = table->entry_name[slot];
        value = table->entry_value[slot];
        size = table->entry_size[slot];
        if (!gram_hpack_name_known(name))
            value = gram_hpack_entry_value(value);
    } else {
        if (index == 0)
            return GRAM_HPACK_E_INDEX;
        name = (uint8_t)gram_hpack_static_first(index);
        value = GRAM_HPACK_VALUE_NONE;
        size = gram_hpack_static_size(index);
        if (gram_hpack_static_has_value(index))
            value = (uint16_t)index;
        else if (vocab->value_begin(above->ctx, name)) /* an empty one */
            value = vocab->value_end(above->ctx, false);
    }
    vocab->field(above->ctx, name, value, size);
    return GRAM_HPACK_OK;
}

/* ---- strings ---- */

/* Decoded bytes of it; after the last of them its end. */
static enum gram_hpack_error string_data(struct gram_hpack_dec *dec, const struct above *above,
                                         const uint8_t *data, size_t len)
{
    bool value = (dec->flags & VALUE) != 0;

    if (len > 0) {
        if (value)
            value_data(dec, above, data, len);
        else
            name_data(dec, above, data, len);
        dec->len += (uint32_t)len; /* two numbers below 2^31 */
        if (dec->len > LEN_MAX)
            dec->len = LEN_MAX;
    }
    if (dec->number > 0)
        return GRAM_HPACK_OK;
    if ((dec->flags & HUFFMAN) != 0 && !gram_hpack_huff_end(&dec->huff))
        return GRAM_HPACK_E_HUFFMAN;
    if (value) {
        value_end(dec, above);
        dec->state = FIELD;
    } else {
        name_end(dec, above);
        dec->state = HEAD;
        dec->flags |= VALUE;
    }
    return GRAM_HPACK_OK;
}

/* Its length is known. */
static enum gram_hpack_error string_begin(struct gram_hpack_dec *dec, const struct above *above)
{
    dec->state = STRING;
    dec->len = 0;
    dec->last_byte = 0;
    gram_hpack_huff_begin(&dec->huff);
    if ((dec->flags & VALUE) == 0) {
        dec->name = GRAM_HPACK_NAME_OTHER;
        gram_hpack_match_begin(&dec->match);
    } else if (gram_hpack_name_known(dec->name) && above->vocab->value_begin(above->ctx, dec->name)) {
        dec->flags |= ASKED;
    }
    return string_data(dec, above, NULL, 0);
}

/* Takes `len` bytes, at most as many as the string still has, and HUFFMAN_PIECE if it is Huffman-coded. */
static enum gram_hpack_error string_bytes(struct gram_hpack_dec *dec, const struct above *above,
                                          const uint8_t *data, size_t len)
{
    uint8_t piece[HPACK_HUFF_MAX_OUT(HUFFMAN_PIECE)];

    dec->number -= (uint32_t)len;
    if ((dec->flags & HUFFMAN) != 0) {
        int n = gram_hpack_huff_feed(&dec->huff, data, len, piece);
        if (n < 0)
            return GRAM_HPACK_E_HUFFMAN;
        data = piece;
        len = (size_t)n;
    }
    return string_data(dec, above, data, len);
}

/* ---- integers (RFC 7541 5.1) ---- */

static enum gram_hpack_error size_update(struct gram_hpack_dec *dec, const struct above *above, uint32_t size)
{
    if (size > GRAM_HPACK_TABLE_SIZE)
        return GRAM_HPACK_E_UPDATE;
    tell_evicted(&dec->table, above, size);
    gram_hpack_table_resize(&dec->table, (uint16_t)size);
    dec->state = FIELD;
    return GRAM_HPACK_OK;
}

/* `number` is complete, and what it is for is in the state. */
static enum gram_hpack_error integer_end(struct gram_hpack_dec *dec, const struct above *above)
{
    switch (dec->state) {
    case INDEX:
        return indexed_field(dec, above, dec->number);
    case UPDATE:
        return size_update(dec, above, dec->number);
    case NAME_INDEX:
        dec->state = HEAD;
        if (dec->number == 0)
            return GRAM_HPACK_OK;
        dec->flags |= VALUE;
        return name_by_index(dec, above, dec->number);
    default: /* LEN */
        return string_begin(dec, above);
    }
}

/* The byte with the prefix, whose bits are `mask`. */
static enum gram_hpack_error integer_first(struct gram_hpack_dec *dec, const struct above *above,
                                           enum state state, uint8_t byte, unsigned mask)
{
    dec->state = (uint8_t)state;
    dec->number = byte & mask;
    dec->shift = 0;
    return dec->number < mask ? integer_end(dec, above) : GRAM_HPACK_OK;
}

static enum gram_hpack_error integer_more(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    if (dec->shift == 28 && byte > 7) /* a sixth byte would follow, or bit 31 is set */
        return GRAM_HPACK_E_INTEGER;
    dec->number += (uint32_t)(byte & 0x7f) << dec->shift;
    if (dec->number > INT32_MAX)
        return GRAM_HPACK_E_INTEGER;
    dec->shift = (uint8_t)(dec->shift + 7);
    return (byte & 0x80) == 0 ? integer_end(dec, above) : GRAM_HPACK_OK;
}

/* ---- bytes ---- */

/* A field's first byte (RFC 7541 6). */
static enum gram_hpack_error field_byte(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    enum state state = NAME_INDEX;
    unsigned mask = 0x0f, flags = 0; /* not added or never indexed: the same to the one who receives it */

    if ((byte & 0x80) != 0) {
        state = INDEX;
        mask = 0x7f;
    } else if ((byte & 0x40) != 0) {
        mask = 0x3f;
        flags = ADD;
    } else if ((byte & 0x20) != 0) {
        if ((dec->flags & UPDATES) == 0)
            return GRAM_HPACK_E_UPDATE;
        state = UPDATE;
        mask = 0x1f;
        flags = UPDATES;
    }
    dec->flags = (uint8_t)flags;
    return integer_first(dec, above, state, byte, mask);
}

static enum gram_hpack_error string_head(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    dec->flags = (uint8_t)((dec->flags & ~HUFFMAN) | (byte & HUFFMAN));
    return integer_first(dec, above, LEN, byte, 0x7f);
}

static enum gram_hpack_error one_byte(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    switch (dec->state) {
    case FIELD:
        return field_byte(dec, above, byte);
    case HEAD:
        return string_head(dec, above, byte);
    default:
        return integer_more(dec, above, byte);
    }
}

void gram_hpack_dec_init(struct gram_hpack_dec *dec)
{
    gram_hpack_table_init(&dec->table);
    dec->error = GRAM_HPACK_OK;
    gram_hpack_dec_begin(dec);
}

void gram_hpack_dec_begin(struct gram_hpack_dec *dec)
{
    dec->state = FIELD;
    dec->flags = UPDATES;
}

enum gram_hpack_error gram_hpack_dec_feed(struct gram_hpack_dec *dec, const struct gram_hpack_vocab *vocab,
                                          void *ctx, const uint8_t *data, size_t len)
{
    const struct above above = {vocab, ctx};
    enum gram_hpack_error error = (enum gram_hpack_error)dec->error;

    while (len > 0 && error == GRAM_HPACK_OK) {
        size_t taken = 1;
        if (dec->state == STRING) {
            taken = len < dec->number ? len : dec->number;
            if ((dec->flags & HUFFMAN) != 0 && taken > HUFFMAN_PIECE)
                taken = HUFFMAN_PIECE;
            error = string_bytes(dec, &above, data, taken);
        } else if (dec->state == FIELD && *data - 0x81u < 0xff - 0x81u) {
            error = indexed_field(dec, &above, *data & 0x7f); /* nearly all of an ordinary request */
        } else {
            error = one_byte(dec, &above, *data);
        }
        data += taken;
        len -= taken;
    }
    dec->error = (int8_t)error;
    return error;
}

enum gram_hpack_error gram_hpack_dec_end(const struct gram_hpack_dec *dec)
{
    if (dec->error != GRAM_HPACK_OK)
        return (enum gram_hpack_error)dec->error;
    return dec->state == FIELD ? GRAM_HPACK_OK : GRAM_HPACK_E_TRUNCATED;
}
