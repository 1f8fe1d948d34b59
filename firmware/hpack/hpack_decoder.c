/* Decodes header blocks (RFC 7541 3, 6) as their bytes come, cut anywhere.
 *
 * States, by what the next byte is:
 *   FIELD        the first of a field or a size update; the only state that a block may end in
 *   INDEX, NAME_INDEX, UPDATE, NAME_LEN, VALUE_LEN     one more of an integer, `number` holding it so far
 *   NAME_HEAD, VALUE_HEAD    the first of a string: its Huffman bit and length
 *   NAME, VALUE  of the string, `number` of its bytes still to come (never 0 between two bytes)
 *
 * Through a field: `name_len` and `value_len` count decoded bytes, `name` is what the name means (while it
 * streams past: OTHER, PSEUDO or BAD by its characters; a match is looked at when it is complete). A field
 * that breaks a rule of HTTP is BAD and reported as such; only what breaks a rule of HPACK is an error,
 * since the tables are out of step then. An error is kept for good. */
#include "hpack.h"

#include <string.h>

#include "hpack_huffman.h"
#include "hpack_static.h"
#include "hpack_table.h"

enum state { FIELD, INDEX, NAME_INDEX, UPDATE, NAME_HEAD, NAME_LEN, VALUE_HEAD, VALUE_LEN, NAME, VALUE };

enum { /* flags */
    UPDATES = 1,  /* no field yet: size updates may come */
    ADD = 2,      /* the field goes into the table */
    HUFFMAN = 4,
    ASKED = 8,    /* the vocabulary is told the value */
    BAD = 16      /* the value is not one */
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

static uint32_t longer(uint32_t len, size_t more)
{
    return more < LEN_MAX - len ? len + (uint32_t)more : LEN_MAX;
}

/* ---- names ---- */

/* All names that mean something: candidate i is name number i + 1, first the static ones, then the
 * vocabulary's. */
static const char *known_name(const void *ctx, unsigned i)
{
    const struct above *above = ctx;
    if (i < HPACK_STATIC_COUNT)
        return gram_hpack_static_name(i + 1);
    if (i + 1 >= GRAM_HPACK_NAME_PSEUDO)
        return NULL; /* the numbers that are left mean something else */
    return above->vocab->name(above->ctx, i - HPACK_STATIC_COUNT);
}

/* What more bytes of a name make of it. RFC 9113 8.2.1, and 8.3: a colon begins a pseudo-header's name and is
 * nowhere else. */
static uint8_t judge_name(uint8_t name, const uint8_t *data, size_t len, bool first)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];
        if (c == ':' && first && i == 0)
            name = GRAM_HPACK_NAME_PSEUDO;
        else if (c <= 0x20 || c >= 0x7f || c == ':' || (c >= 'A' && c <= 'Z'))
            return GRAM_HPACK_NAME_BAD;
    }
    return name;
}

static void name_data(struct gram_hpack_dec *dec, const struct above *above, const uint8_t *data, size_t len)
{
    dec->name = judge_name(dec->name, data, len, dec->name_len == 0);
    gram_hpack_match_feed(&dec->match, known_name, above, data, len);
    dec->name_len = longer(dec->name_len, len);
}

static void name_end(struct gram_hpack_dec *dec, const struct above *above)
{
    unsigned match = gram_hpack_match_end(&dec->match, known_name, above);
    if (match != GRAM_HPACK_NO_MATCH)
        dec->name = (uint8_t)(match + 1);
    else if (dec->name_len == 0)
        dec->name = GRAM_HPACK_NAME_BAD;
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
        dec->name_len = (uint32_t)strlen(known_name(above, dec->name - 1u));
    else
        dec->name_len = gram_hpack_entry_name_len(dec->table.entry_value[slot]);
    return GRAM_HPACK_OK;
}

/* ---- values ---- */

static bool white(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static void value_begin(struct gram_hpack_dec *dec, const struct above *above)
{
    if (gram_hpack_name_known(dec->name) && above->vocab->value_begin(above->ctx, dec->name))
        dec->flags |= ASKED;
}

/* RFC 9113 8.2.1. */
static void value_data(struct gram_hpack_dec *dec, const struct above *above, const uint8_t *data, size_t len)
{
    if (len == 0)
        return;
    if (dec->value_len == 0 && white(data[0]))
        dec->flags |= BAD;
    for (size_t i = 0; i < len; i++)
        if (data[i] <= '\r' && (data[i] == '\0' || data[i] == '\n' || data[i] == '\r'))
            dec->flags |= BAD;
    dec->last_byte = data[len - 1];
    dec->value_len = longer(dec->value_len, len);
    if ((dec->flags & ASKED) != 0)
        above->vocab->value_data(above->ctx, data, len);
}

static void value_end(struct gram_hpack_dec *dec, const struct above *above)
{
    struct gram_hpack_entry entry = {
        .size = 32 + dec->name_len + dec->value_len,
        .name = dec->name,
        .value = GRAM_HPACK_VALUE_NONE,
    };
    bool bad = (dec->flags & BAD) != 0 || (dec->value_len > 0 && white(dec->last_byte));

    if ((dec->flags & ASKED) != 0)
        entry.value = above->vocab->value_end(above->ctx); /* also of a bad one: it was begun */
    if (bad)
        entry.value = GRAM_HPACK_VALUE_BAD;
    above->vocab->field(above->ctx, entry.name, entry.value, entry.size);
    if ((dec->flags & ADD) == 0)
        return;
    if (!gram_hpack_name_known(entry.name))
        entry.value = gram_hpack_entry_keep(dec->name_len, bad);
    gram_hpack_table_add(&dec->table, &entry);
}

/* ---- fields that are in a table ---- */

static void static_field(const struct above *above, unsigned index)
{
    const struct gram_hpack_vocab *vocab = above->vocab;
    uint8_t name = (uint8_t)gram_hpack_static_first(index);
    unsigned value = GRAM_HPACK_VALUE_NONE;

    if (gram_hpack_static_has_value(index))
        value = index;
    else if (vocab->value_begin(above->ctx, name))
        value = vocab->value_end(above->ctx);
    vocab->field(above->ctx, name, (uint16_t)value, gram_hpack_static_size(index));
}

static enum gram_hpack_error indexed_field(struct gram_hpack_dec *dec, const struct above *above,
                                           uint32_t index)
{
    const struct gram_hpack_table *table = &dec->table;

    dec->flags = 0;
    dec->state = FIELD;
    if (index > HPACK_STATIC_COUNT) {
        int slot = gram_hpack_table_slot(table, index - HPACK_STATIC_COUNT - 1);
        if (slot < 0)
            return GRAM_HPACK_E_INDEX;
        uint8_t name = table->entry_name[slot];
        uint16_t value = table->entry_value[slot];
        if (!gram_hpack_name_known(name))
            value = gram_hpack_entry_bad(value) ? GRAM_HPACK_VALUE_BAD : GRAM_HPACK_VALUE_NONE;
        above->vocab->field(above->ctx, name, value, table->entry_size[slot]);
        return GRAM_HPACK_OK;
    }
    if (index == 0)
        return GRAM_HPACK_E_INDEX;
    static_field(above, index);
    return GRAM_HPACK_OK;
}

/* ---- strings ---- */

static void string_data(struct gram_hpack_dec *dec, const struct above *above, const uint8_t *data,
                        size_t len)
{
    if (dec->state == NAME)
        name_data(dec, above, data, len);
    else
        value_data(dec, above, data, len);
}

static enum gram_hpack_error string_end(struct gram_hpack_dec *dec, const struct above *above)
{
    if ((dec->flags & HUFFMAN) != 0 && !gram_hpack_huff_end(&dec->huff))
        return GRAM_HPACK_E_HUFFMAN;
    if (dec->state == NAME) {
        name_end(dec, above);
        dec->state = VALUE_HEAD;
    } else {
        value_end(dec, above);
        dec->state = FIELD;
    }
    return GRAM_HPACK_OK;
}

/* Its length is known. */
static enum gram_hpack_error string_begin(struct gram_hpack_dec *dec, const struct above *above,
                                          enum state string)
{
    dec->state = (uint8_t)string;
    if (string == NAME) {
        dec->name = GRAM_HPACK_NAME_OTHER;
        dec->name_len = 0;
        gram_hpack_match_begin(&dec->match);
    } else {
        dec->value_len = 0;
        value_begin(dec, above);
    }
    gram_hpack_huff_begin(&dec->huff);
    return dec->number > 0 ? GRAM_HPACK_OK : string_end(dec, above);
}

/* Takes `len` bytes, at most as many as the string still has. */
static enum gram_hpack_error string_bytes(struct gram_hpack_dec *dec, const struct above *above,
                                          const uint8_t *data, size_t len)
{
    uint8_t piece[HPACK_HUFF_MAX_OUT(HUFFMAN_PIECE)];

    dec->number -= (uint32_t)len;
    if ((dec->flags & HUFFMAN) == 0) {
        string_data(dec, above, data, len);
        len = 0;
    }
    while (len > 0) {
        size_t taken = len < HUFFMAN_PIECE ? len : HUFFMAN_PIECE;
        int n = gram_hpack_huff_feed(&dec->huff, data, taken, piece);
        if (n < 0)
            return GRAM_HPACK_E_HUFFMAN;
        string_data(dec, above, piece, (size_t)n);
        data += taken;
        len -= taken;
    }
    return dec->number > 0 ? GRAM_HPACK_OK : string_end(dec, above);
}

/* ---- integers (RFC 7541 5.1) ---- */

static enum gram_hpack_error size_update(struct gram_hpack_dec *dec, uint32_t size)
{
    if (size > GRAM_HPACK_TABLE_SIZE)
        return GRAM_HPACK_E_UPDATE;
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
        return size_update(dec, dec->number);
    case NAME_INDEX:
        dec->state = dec->number == 0 ? NAME_HEAD : VALUE_HEAD;
        return dec->number == 0 ? GRAM_HPACK_OK : name_by_index(dec, above, dec->number);
    case NAME_LEN:
        return string_begin(dec, above, NAME);
    default: /* VALUE_LEN */
        return string_begin(dec, above, VALUE);
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
    if ((byte & 0x80) != 0)
        return integer_first(dec, above, INDEX, byte, 0x7f);
    if ((byte & 0xe0) == 0x20) {
        if ((dec->flags & UPDATES) == 0)
            return GRAM_HPACK_E_UPDATE;
        return integer_first(dec, above, UPDATE, byte, 0x1f);
    }
    if ((byte & 0x40) != 0) {
        dec->flags = ADD;
        return integer_first(dec, above, NAME_INDEX, byte, 0x3f);
    }
    dec->flags = 0; /* not added or never indexed: the same to the one who receives it */
    return integer_first(dec, above, NAME_INDEX, byte, 0x0f);
}

static enum gram_hpack_error string_head(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    unsigned flags = dec->flags & ~(unsigned)HUFFMAN;
    dec->flags = (uint8_t)((byte & 0x80) != 0 ? flags | HUFFMAN : flags);
    return integer_first(dec, above, dec->state == NAME_HEAD ? NAME_LEN : VALUE_LEN, byte, 0x7f);
}

static enum gram_hpack_error one_byte(struct gram_hpack_dec *dec, const struct above *above, uint8_t byte)
{
    switch (dec->state) {
    case FIELD:
        return field_byte(dec, above, byte);
    case NAME_HEAD:
    case VALUE_HEAD:
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
        if (dec->state >= NAME) {
            taken = len < dec->number ? len : dec->number;
            error = string_bytes(dec, &above, data, taken);
        } else if (dec->state == FIELD && *data > 0x80 && *data < 0xff) {
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
