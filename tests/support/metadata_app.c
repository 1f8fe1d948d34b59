/* Keys, and what is read of them. */
#include "metadata_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpack_rfc.h"

/* ---- fields ---- */

static void put_text(struct blob *b, bool huffman, const void *text, size_t len)
{
    uint8_t coded[4 * 512];

    if (!huffman || len > sizeof coded / 4) {
        put_integer(b, 0, 7, (uint32_t)len);
        put(b, text, len);
        return;
    }
    size_t n = hpack_rfc_huffman_encode(text, len, coded);
    put_integer(b, 0x80, 7, (uint32_t)n);
    put(b, coded, n);
}

void put_literal(struct blob *b, unsigned form, unsigned index, const char *name, const void *value,
                 size_t len)
{
    unsigned kind = form & ~(unsigned)(HUFFMAN_NAME | HUFFMAN_VALUE);

    put_integer(b, kind, kind == ADDED ? 6 : 4, index);
    if (index == 0)
        put_text(b, form & HUFFMAN_NAME, name, strlen(name));
    put_text(b, form & HUFFMAN_VALUE, value, len);
}

/* ---- keys ---- */

const char *const metadata_name[METADATA_KEYS] = {
    [KEY_TEXT] = "x-text",        [KEY_BIN] = "x-data-bin", [KEY_AUTH] = "authorization",
    [KEY_AGENT] = "user-agent", [KEY_TEXT_2] = "x-text-2",  [KEY_JUDGED] = "x-judged",
};

static uint32_t hash(uint32_t h, const uint8_t *data, size_t len)
{
    while (len-- > 0)
        h = h * 31 + *data++ + 1;
    return h;
}

uint16_t metadata_verdict(const void *value, size_t len)
{
    uint16_t verdict = (uint16_t)hash(7, value, len);

    return verdict < 60000 ? verdict : 60000; /* what the core makes of more */
}

#if GRAM_METADATA_SIZE > 0

char metadata_seen[METADATA_SEEN];
gram_status (*metadata_before)(gram_call *call);
void (*metadata_after)(gram_call *call);
struct gram_app metadata_app;

static _Noreturn void broken(const char *what)
{
    fprintf(stderr, "metadata: %s\n", what);
    abort();
}

static void judge_begin(const struct gram_judge *self, uint32_t state[4])
{
    (void)self;
    state[0] = 7;
    state[1] = state[2] = 0;
    state[3] = 77; /* says that a value is being judged */
}

static void judge_data(const struct gram_judge *self, uint32_t state[4], const uint8_t *data, size_t len)
{
    (void)self;
    if (state[3] != 77 || len == 0)
        broken("a value is judged that has not begun, or no byte of it");
    state[0] = hash(state[0], data, len);
}

static uint16_t judge_end(const struct gram_judge *self, uint32_t state[4])
{
    (void)self;
    if (state[3] != 77)
        broken("a value's end that has not begun");
    state[3] = 0;
    return (uint16_t)state[0];
}

static const struct gram_judge judge = {judge_begin, judge_data, judge_end};

const struct gram_key metadata_key[METADATA_KEYS] = {
    [KEY_TEXT] = GRAM_KEY("x-text"),
    [KEY_BIN] = GRAM_KEY("x-data-bin"),
    [KEY_AUTH] = {.name = "authorization", .judge = &judge, .number = 23},
    [KEY_AGENT] = GRAM_KEY_USER_AGENT,
    [KEY_TEXT_2] = GRAM_KEY("x-text-2"),
    [KEY_JUDGED] = {.name = "x-judged", .judge = &judge},
};
static const struct gram_key *keys[METADATA_KEYS];
static const struct gram_key foreign = GRAM_KEY("x-text"); /* the name does not make a key the application's */

static void line(char text[METADATA_SEEN], unsigned key, bool hex, const uint8_t *value, size_t len)
{
    size_t used = strlen(text);

    used += (size_t)snprintf(text + used, METADATA_SEEN - used, "%s=", metadata_name[key]);
    for (size_t i = 0; i < len && used < METADATA_SEEN - 3; i++)
        used += (size_t)snprintf(text + used, METADATA_SEEN - used, hex ? "%02x" : "%c", value[i]);
    snprintf(text + used, METADATA_SEEN - used, "\n");
}

void metadata_line(char text[METADATA_SEEN], unsigned key, const void *value, size_t len)
{
    char number[12];

    if (metadata_key[key].judge) {
        len = (size_t)snprintf(number, sizeof number, "%u", metadata_verdict(value, len));
        value = number;
    }
    line(text, key, key == KEY_BIN, value, len);
}

/* Number `nth` of a key, with the buffer's end at the value's, and what else can be asked of it. */
static bool read_value(const gram_call *call, unsigned key, unsigned nth)
{
    const struct gram_key *k = &metadata_key[key];
    int32_t verdict = gram_call_verdict(call, k, nth);
    int32_t len = gram_call_metadata(call, k, nth, NULL, 0);
    uint8_t *value;
    char number[12], text[4];

    if (len >= 0 && verdict >= 0)
        broken("a value and a verdict");
    if (verdict >= 0)
        line(metadata_seen, key, false, (uint8_t *)number,
             (size_t)snprintf(number, sizeof number, "%d", verdict));
    if (len < 0)
        return verdict >= 0;
    value = malloc((size_t)len + (len == 0));
    if (!value || gram_call_metadata(call, k, nth, value, (size_t)len) != len)
        broken("a value's length has changed");
    line(metadata_seen, key, key == KEY_BIN, value, (size_t)len);
    if (nth == 0 && (!gram_call_metadata_text(call, k, text, sizeof text) ||
                     memcmp(text, value, len < 3 ? (size_t)len : 3) != 0 || text[len < 3 ? len : 3] != '\0'))
        broken("a value's text is its beginning");
    free(value);
    return true;
}

static gram_status before(const struct gram_interceptor *self, gram_call *call)
{
    char text[4] = "abc";

    (void)self;
    metadata_seen[0] = '\0';
    for (unsigned key = 0; key < METADATA_KEYS; key++)
        for (unsigned nth = 0; read_value(call, key, nth);)
            nth++;
    if (gram_call_metadata(call, &foreign, 0, NULL, 0) >= 0 || gram_call_verdict(call, &foreign, 0) >= 0 ||
        gram_call_metadata_text(call, &foreign, text, sizeof text) || text[0] != '\0')
        broken("a key that the application does not list has a value");
    return metadata_before ? metadata_before(call) : GRAM_OK;
}

static void after(const struct gram_interceptor *self, gram_call *call, gram_status status)
{
    (void)self;
    (void)status;
    if (metadata_after)
        metadata_after(call);
}

void metadata_app_init(void)
{
    static const struct gram_interceptor reader = {.before = before, .after = after};
    static const struct gram_interceptor *const chain[] = {&reader};

    for (unsigned i = 0; i < METADATA_KEYS; i++)
        keys[i] = &metadata_key[i];
    metadata_app = test_app_plain;
    metadata_app.keys = keys;
    metadata_app.key_count = METADATA_KEYS;
    metadata_app.interceptors = chain;
    metadata_app.interceptor_count = 1;
    metadata_before = NULL;
    metadata_after = NULL;
    metadata_seen[0] = '\0';
}

#endif
