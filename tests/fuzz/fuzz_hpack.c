/* Any bytes as header blocks: two decoders, one fed whole and one by bytes, must agree on every field,
 * error and entry, and keep the table's invariants. Input: blocks, each behind two bytes of length. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hpack.h"
#include "hpack_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hpack_record whole_record, bytes_record;

static void demand(int promise)
{
    if (!promise)
        abort();
}

static void check_table(const struct gram_hpack_table *table)
{
    unsigned size = 0;
    demand(table->count <= GRAM_HPACK_ENTRIES && table->first < GRAM_HPACK_ENTRIES);
    for (unsigned i = 0; i < table->count; i++) {
        unsigned slot = (table->first + i) % GRAM_HPACK_ENTRIES;
        demand(table->entry_size[slot] >= 32);
        size += table->entry_size[slot];
    }
    demand(size == table->size && table->size <= table->max && table->max <= GRAM_HPACK_TABLE_SIZE);
}

/* An exact copy, so that the sanitizer sees a read beyond it. */
static enum gram_hpack_error feed(struct gram_hpack_dec *dec, struct hpack_record *record,
                                  const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + (len == 0));
    memcpy(copy, data, len);
    enum gram_hpack_error error = gram_hpack_dec_feed(dec, &hpack_record_vocab, record, copy, len);
    free(copy);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const extra[] = {"te", "grpc-timeout", "x-a", NULL};
    struct gram_hpack_dec whole, bytes;

    if (size > 4096)
        return 0;
    hpack_record_init(&whole_record, extra);
    hpack_record_init(&bytes_record, extra);
    gram_hpack_dec_init(&whole);
    gram_hpack_dec_init(&bytes);
    while (size >= 2) {
        size_t len = (size_t)(data[0] << 8 | data[1]);
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        if (len > HPACK_RECORD_FIELDS) /* as many fields as bytes, at most */
            len = HPACK_RECORD_FIELDS;
        hpack_record_begin(&whole_record);
        hpack_record_begin(&bytes_record);
        gram_hpack_dec_begin(&whole);
        gram_hpack_dec_begin(&bytes);
        enum gram_hpack_error error = feed(&whole, &whole_record, data, len);
        enum gram_hpack_error other = GRAM_HPACK_OK;
        for (size_t i = 0; i < len; i++)
            other = feed(&bytes, &bytes_record, data + i, 1);
        demand(error == other);
        demand(gram_hpack_dec_end(&whole) == gram_hpack_dec_end(&bytes));
        demand(whole_record.count == bytes_record.count);
        for (size_t i = 0; i < whole_record.count; i++) {
            const struct hpack_record_field *a = &whole_record.field[i], *b = &bytes_record.field[i];
            demand(a->name == b->name && a->value == b->value && a->size == b->size);
        }
        if (gram_hpack_dec_end(&whole) != GRAM_HPACK_OK)
            break; /* how much of a broken string was seen before the error depends on the pieces */
        demand(whole_record.used == bytes_record.used);
        demand(memcmp(whole_record.bytes, bytes_record.bytes, whole_record.used) == 0);
        check_table(&whole.table);
        check_table(&bytes.table);
        data += len;
        size -= len;
    }
    return 0;
}
