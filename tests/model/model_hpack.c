/* A client's HPACK encoder that takes every lawful form at random: indexed, inserted, literal, never
 * indexed; names and strings as they come or in Huffman; table size updates. Invariant: its table is what
 * the server's must be, entry for entry. */
#include "model.h"

#include <stdio.h>
#include <string.h>

#include "hpack_rfc.h"

struct blob m_block;

static uint32_t entry_size(const struct m_entry *e)
{
    return (uint32_t)(32 + strlen(e->name) + strlen(e->value));
}

static void evict(struct m_client *k, uint32_t to)
{
    while (k->table_size > to)
        k->table_size -= entry_size(&k->table[--k->table_count]);
}

static void insert(struct m_client *k, const char *name, const char *value)
{
    struct m_entry e;

    snprintf(e.name, sizeof e.name, "%s", name);
    snprintf(e.value, sizeof e.value, "%s", value);
    uint32_t size = entry_size(&e);
    evict(k, size > k->table_max ? 0 : k->table_max - size);
    if (size > k->table_max)
        return;
    memmove(k->table + 1, k->table, k->table_count * sizeof k->table[0]);
    k->table[0] = e;
    k->table_count++;
    k->table_size += size;
}

/* The index of a name; *whole: of the field. */
static uint32_t find(const struct m_client *k, const char *name, const char *value, bool *whole)
{
    uint32_t found = 0;

    *whole = false;
    for (uint32_t i = 1; i < 62 + k->table_count; i++) {
        const char *n = i < 62 ? hpack_rfc_static[i].name : k->table[i - 62].name;
        const char *v = i < 62 ? hpack_rfc_static[i].value : k->table[i - 62].value;

        if (strcmp(n, name) != 0)
            continue;
        *whole = strcmp(v, value) == 0;
        if (found == 0 || *whole)
            found = i;
        if (*whole)
            break;
    }
    return found;
}

static void put_text(const char *s)
{
    static uint8_t code[4 * 400];
    size_t len = strlen(s);

    if (len > 0 && m_chance(50)) {
        len = hpack_rfc_huffman_encode((const uint8_t *)s, len, code);
        put_integer(&m_block, 0x80, 7, (uint32_t)len);
        put(&m_block, code, len);
        m_count(M_BLOCK_HUFFMAN);
        return;
    }
    put_integer(&m_block, 0, 7, (uint32_t)len);
    put(&m_block, s, len);
}

void m_put_header(struct m_client *k, const char *name, const char *value, bool lasting)
{
    enum { INSERTED, LITERAL, NEVER } form = M_ONE_OF(INSERTED, INSERTED, LITERAL, NEVER);
    static const uint8_t first[] = {0x40, 0, 0x10}, prefix[] = {6, 4, 4};
    static const enum m_counter counters[] = {M_BLOCK_INSERTED, M_BLOCK_LITERAL, M_BLOCK_NEVER};
    bool whole;
    uint32_t index = find(k, name, value, &whole);

    if (whole && m_chance(85)) {
        put_index(&m_block, index);
        m_count(M_BLOCK_INDEXED);
        return;
    }
    if (form == INSERTED && !lasting)
        form = LITERAL;
    if (index > 0 && m_chance(20))
        index = 0;
    put_integer(&m_block, first[form], prefix[form], index);
    if (index == 0)
        put_text(name);
    put_text(value);
    if (form == INSERTED)
        insert(k, name, value);
    m_count(counters[form]);
}

void m_begin_block(struct m_client *k)
{
    m_block.len = 0;
    while (m_chance(4)) {
        k->table_max = M_ONE_OF(0, 100, 300, 1000, 4096);
        evict(k, k->table_max);
        put_integer(&m_block, 0x20, 5, k->table_max);
        m_count(M_BLOCK_UPDATE);
    }
}
