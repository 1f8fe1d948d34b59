/* Writes header blocks (RFC 7541 6) with two insertions at most and no Huffman code.
 *
 * The peer's table is in one of two states, told apart by `max`, the size that was last told to the peer:
 *   max >= need  all pins fit: pin i is in it if nth[i] is not 0, as the nth[i]-th of `inserted`; the last
 *       one has index 62
 *   max == 0     they do not: nothing is in it, pins go as literals
 * A size in between is never told, nor kept in `limit` or `lowest`: it could only hold some of the pins.
 * Nothing but pins is ever inserted, each once, so the table never evicts but by going to 0. */
#include "hpack.h"

#include <string.h>

#include "hpack_integer.h"
#include "hpack_static.h"

static void forget_all(struct gram_hpack_enc *enc)
{
    enc->inserted = 0;
    memset(enc->nth, 0, sizeof enc->nth);
}

void gram_hpack_enc_init(struct gram_hpack_enc *enc, const struct gram_hpack_pin *pins)
{
    size_t need = 0;
    for (unsigned i = 0; i < GRAM_HPACK_PINS; i++)
        need += 32 + strlen(pins[i].name) + strlen(pins[i].value);
    enc->pins = pins;
    enc->need = (uint16_t)need;
    enc->max = enc->limit = enc->lowest = GRAM_HPACK_TABLE_SIZE;
    forget_all(enc);
}

void gram_hpack_enc_limit(struct gram_hpack_enc *enc, uint32_t table_size)
{
    if (table_size > GRAM_HPACK_TABLE_SIZE)
        table_size = GRAM_HPACK_TABLE_SIZE;
    if (table_size < enc->need)
        table_size = 0;
    enc->limit = (uint16_t)table_size;
    if (enc->limit < enc->lowest)
        enc->lowest = enc->limit;
}

static void resize(struct gram_hpack_enc *enc, struct gram_hpack_out *out, uint16_t size)
{
    enc->max = size;
    if (size == 0)
        forget_all(enc);
    gram_hpack_put_integer(out, HPACK_SIZE_UPDATE, size);
}

void gram_hpack_enc_begin(struct gram_hpack_enc *enc, struct gram_hpack_out *out)
{
    if (enc->lowest < enc->max) /* the lowest first, even if the limit has grown again (RFC 7541 4.2) */
        resize(enc, out, enc->lowest);
    if (enc->limit != enc->max)
        resize(enc, out, enc->limit);
    enc->lowest = enc->limit;
}

/* The pin's index in the peer's table, 0 if it is not there. */
static unsigned pin_index(const struct gram_hpack_enc *enc, unsigned pin)
{
    unsigned nth = enc->nth[pin];
    return nth != 0 ? HPACK_STATIC_COUNT + 1 + enc->inserted - nth : 0;
}

static void put_string(struct gram_hpack_out *out, const void *bytes, size_t len)
{
    gram_hpack_put_integer(out, HPACK_STRING, (uint32_t)len);
    gram_hpack_put_bytes(out, bytes, len);
}

static void put_text(struct gram_hpack_out *out, const char *text)
{
    put_string(out, text, strlen(text));
}

static void put_name(struct gram_hpack_out *out, enum hpack_form form, unsigned index, const char *name)
{
    gram_hpack_put_integer(out, form, index);
    if (index == 0)
        put_text(out, name);
}

void gram_hpack_enc_pin(struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin)
{
    const struct gram_hpack_pin *p = &enc->pins[pin];
    unsigned index = pin_index(enc, pin);
    enum hpack_form form = HPACK_LITERAL;

    if (index != 0) {
        gram_hpack_put_integer(out, HPACK_INDEXED, index);
        return;
    }
    if (enc->max != 0) {
        form = HPACK_LITERAL_ADDED;
        enc->nth[pin] = ++enc->inserted;
    }
    put_name(out, form, p->index, p->name);
    put_text(out, p->value);
}

void gram_hpack_enc_index(struct gram_hpack_out *out, uint8_t index)
{
    gram_hpack_put_integer(out, HPACK_INDEXED, index);
}

void gram_hpack_enc_literal(struct gram_hpack_out *out, uint8_t index, const char *name, const uint8_t *value,
                            size_t value_len)
{
    put_name(out, HPACK_LITERAL, index, name);
    put_string(out, value, value_len);
}

void gram_hpack_enc_pin_name(const struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin,
                             const uint8_t *value, size_t value_len)
{
    const struct gram_hpack_pin *p = &enc->pins[pin];
    unsigned index = pin_index(enc, pin);

    gram_hpack_enc_literal(out, (uint8_t)(index != 0 ? index : p->index), p->name, value, value_len);
}
