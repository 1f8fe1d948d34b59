/* Writes header blocks (RFC 7541 6) with two insertions at most and no Huffman code.
 *
 * The peer's table is in one of two states, told apart by `max`, the size that was last told to the peer:
 *   max >= need  all pins fit: those in order[0..inserted) are in it, in this order, the last one at index
 *       62
 *   max == 0     they do not: nothing is in it, pins go as literals
 * A size in between is never told: it could only hold some of the pins. Nothing but pins is ever inserted,
 * each once, so the table never evicts but by going to 0. */
#include "hpack.h"

#include <string.h>

#include "hpack_integer.h"
#include "hpack_static.h"

enum { /* what a field begins with (RFC 7541 6.1 - 6.3) */
    INDEXED = 0x80,
    LITERAL_ADDED = 0x40,
    SIZE_UPDATE = 0x20,
    LITERAL = 0x00
};

void gram_hpack_enc_init(struct gram_hpack_enc *enc, const struct gram_hpack_pin *pins)
{
    size_t need = 0;
    for (unsigned i = 0; i < GRAM_HPACK_PINS; i++)
        need += 32 + strlen(pins[i].name) + strlen(pins[i].value);
    enc->pins = pins;
    enc->need = (uint16_t)need;
    enc->max = enc->limit = enc->lowest = GRAM_HPACK_TABLE_SIZE;
    enc->inserted = 0;
}

void gram_hpack_enc_limit(struct gram_hpack_enc *enc, uint32_t table_size)
{
    enc->limit = (uint16_t)(table_size < GRAM_HPACK_TABLE_SIZE ? table_size : GRAM_HPACK_TABLE_SIZE);
    if (enc->limit < enc->lowest)
        enc->lowest = enc->limit;
}

static void resize(struct gram_hpack_enc *enc, struct gram_hpack_out *out, uint16_t allowed)
{
    enc->max = allowed >= enc->need ? allowed : 0;
    if (enc->max == 0)
        enc->inserted = 0;
    gram_hpack_put_integer(out, SIZE_UPDATE, 5, enc->max);
}

void gram_hpack_enc_begin(struct gram_hpack_enc *enc, struct gram_hpack_out *out)
{
    uint16_t wanted = enc->limit >= enc->need ? enc->limit : 0;

    if (enc->lowest < enc->max) /* the lowest first, even if the limit has grown again (RFC 7541 4.2) */
        resize(enc, out, enc->lowest);
    if (wanted != enc->max)
        resize(enc, out, wanted);
    enc->lowest = enc->limit;
}

/* The pin's index in the peer's table, 0 if it is not there. */
static unsigned pin_index(const struct gram_hpack_enc *enc, unsigned pin)
{
    for (unsigned n = 0; n < enc->inserted; n++)
        if (enc->order[n] == pin)
            return HPACK_STATIC_COUNT + enc->inserted - n;
    return 0;
}

static void put_string(struct gram_hpack_out *out, const void *bytes, size_t len)
{
    gram_hpack_put_integer(out, 0, 7, (uint32_t)len);
    gram_hpack_put_bytes(out, bytes, len);
}

static void put_literal(struct gram_hpack_out *out, uint8_t first, unsigned prefix, unsigned index,
                        const char *name, const void *value, size_t value_len)
{
    gram_hpack_put_integer(out, first, prefix, index);
    if (index == 0)
        put_string(out, name, strlen(name));
    put_string(out, value, value_len);
}

void gram_hpack_enc_pin(struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin)
{
    const struct gram_hpack_pin *p = &enc->pins[pin];
    unsigned index = pin_index(enc, pin);

    if (index != 0) {
        gram_hpack_put_integer(out, INDEXED, 7, index);
        return;
    }
    if (enc->max == 0) {
        put_literal(out, LITERAL, 4, p->index, p->name, p->value, strlen(p->value));
        return;
    }
    put_literal(out, LITERAL_ADDED, 6, p->index, p->name, p->value, strlen(p->value));
    enc->order[enc->inserted++] = (uint8_t)pin;
}

void gram_hpack_enc_index(struct gram_hpack_out *out, uint8_t index)
{
    gram_hpack_put_integer(out, INDEXED, 7, index);
}

void gram_hpack_enc_literal(struct gram_hpack_out *out, uint8_t index, const char *name, const uint8_t *value,
                            size_t value_len)
{
    put_literal(out, LITERAL, 4, index, name, value, value_len);
}

void gram_hpack_enc_pin_name(const struct gram_hpack_enc *enc, struct gram_hpack_out *out, unsigned pin,
                             const uint8_t *value, size_t value_len)
{
    const struct gram_hpack_pin *p = &enc->pins[pin];
    unsigned index = pin_index(enc, pin);

    put_literal(out, LITERAL, 4, index != 0 ? index : p->index, p->name, value, value_len);
}
