/* The static table against RFC 7541 appendix A: every name, number and size, and every entry as a field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gram/metadata.h"
#include "hpack_feed.h"
#include "hpack_rfc.h"
#include "hpack_static.h"

static struct hpack_record record;

static unsigned first_of(unsigned index)
{
    unsigned first = 1;
    while (strcmp(hpack_rfc_static[first].name, hpack_rfc_static[index].name) != 0)
        first++;
    return first;
}

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= HPACK_STATIC_COUNT; i++) {
        assert_int_equal(gram_hpack_static_name_len(i), strlen(hpack_rfc_static[i].name));
        size_t len = strlen(hpack_rfc_static[i].name) + strlen(hpack_rfc_static[i].value);
        assert_int_equal(gram_hpack_static_size(i), 32 + len);
        assert_int_equal(gram_hpack_static_has_value(i), hpack_rfc_static[i].value[0] != '\0');
        assert_int_equal(gram_hpack_static_first(i), first_of(i));
    }
}

/* The values that have a name in hpack.h. */
static void test_numbers(void **state)
{
    (void)state;
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_GET].value, "GET");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_POST].value, "POST");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_ROOT].value, "/");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_HTTP].value, "http");
    assert_string_equal(hpack_rfc_static[GRAM_HPACK_VALUE_HTTPS].value, "https");
}

/* The keys that have macros in gram/metadata.h. */
static void test_keys(void **state)
{
    static const struct gram_key keys[] = {
        GRAM_KEY_AUTHORIZATION, GRAM_KEY_COOKIE,     GRAM_KEY_FROM, GRAM_KEY_HOST,
        GRAM_KEY_REFERER,       GRAM_KEY_USER_AGENT, GRAM_KEY_VIA,
    };

    (void)state;
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_string_equal(hpack_rfc_static[keys[i].number].name, keys[i].name);
        assert_int_equal(keys[i].number, first_of(keys[i].number));
    }
}

/* Every name has its constant, the lowest index. */
static void test_names(void **state)
{
    static const struct gram_hpack_name names[] = {
        {":authority", GRAM_HPACK_AUTHORITY},
        {":method", GRAM_HPACK_METHOD},
        {":path", GRAM_HPACK_PATH},
        {":scheme", GRAM_HPACK_SCHEME},
        {":status", GRAM_HPACK_STATUS},
        {"accept-charset", GRAM_HPACK_ACCEPT_CHARSET},
        {"accept-encoding", GRAM_HPACK_ACCEPT_ENCODING},
        {"accept-language", GRAM_HPACK_ACCEPT_LANGUAGE},
        {"accept-ranges", GRAM_HPACK_ACCEPT_RANGES},
        {"accept", GRAM_HPACK_ACCEPT},
        {"access-control-allow-origin", GRAM_HPACK_ACCESS_CONTROL_ALLOW_ORIGIN},
        {"age", GRAM_HPACK_AGE},
        {"allow", GRAM_HPACK_ALLOW},
        {"authorization", GRAM_HPACK_AUTHORIZATION},
        {"cache-control", GRAM_HPACK_CACHE_CONTROL},
        {"content-disposition", GRAM_HPACK_CONTENT_DISPOSITION},
        {"content-encoding", GRAM_HPACK_CONTENT_ENCODING},
        {"content-language", GRAM_HPACK_CONTENT_LANGUAGE},
        {"content-length", GRAM_HPACK_CONTENT_LENGTH},
        {"content-location", GRAM_HPACK_CONTENT_LOCATION},
        {"content-range", GRAM_HPACK_CONTENT_RANGE},
        {"content-type", GRAM_HPACK_CONTENT_TYPE},
        {"cookie", GRAM_HPACK_COOKIE},
        {"date", GRAM_HPACK_DATE},
        {"etag", GRAM_HPACK_ETAG},
        {"expect", GRAM_HPACK_EXPECT},
        {"expires", GRAM_HPACK_EXPIRES},
        {"from", GRAM_HPACK_FROM},
        {"host", GRAM_HPACK_HOST},
        {"if-match", GRAM_HPACK_IF_MATCH},
        {"if-modified-since", GRAM_HPACK_IF_MODIFIED_SINCE},
        {"if-none-match", GRAM_HPACK_IF_NONE_MATCH},
        {"if-range", GRAM_HPACK_IF_RANGE},
        {"if-unmodified-since", GRAM_HPACK_IF_UNMODIFIED_SINCE},
        {"last-modified", GRAM_HPACK_LAST_MODIFIED},
        {"link", GRAM_HPACK_LINK},
        {"location", GRAM_HPACK_LOCATION},
        {"max-forwards", GRAM_HPACK_MAX_FORWARDS},
        {"proxy-authenticate", GRAM_HPACK_PROXY_AUTHENTICATE},
        {"proxy-authorization", GRAM_HPACK_PROXY_AUTHORIZATION},
        {"range", GRAM_HPACK_RANGE},
        {"referer", GRAM_HPACK_REFERER},
        {"refresh", GRAM_HPACK_REFRESH},
        {"retry-after", GRAM_HPACK_RETRY_AFTER},
        {"server", GRAM_HPACK_SERVER},
        {"set-cookie", GRAM_HPACK_SET_COOKIE},
        {"strict-transport-security", GRAM_HPACK_STRICT_TRANSPORT_SECURITY},
        {"transfer-encoding", GRAM_HPACK_TRANSFER_ENCODING},
        {"user-agent", GRAM_HPACK_USER_AGENT},
        {"vary", GRAM_HPACK_VARY},
        {"via", GRAM_HPACK_VIA},
        {"www-authenticate", GRAM_HPACK_WWW_AUTHENTICATE},
    };
    unsigned n = 0;
    (void)state;
    for (unsigned i = 1; i <= HPACK_STATIC_COUNT; i++) {
        if (first_of(i) != i)
            continue;
        assert_true(n < sizeof names / sizeof *names);
        assert_string_equal(names[n].name, hpack_rfc_static[i].name);
        assert_int_equal(names[n].number, i);
        n++;
    }
    assert_int_equal(n, sizeof names / sizeof *names);
    assert_int_equal(GRAM_HPACK_EXTRA, HPACK_STATIC_COUNT + 1);
}

/* Each entry as an indexed field, as the name of a literal, and spelled out: the same name number every
 * time. */
static void test_fields(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= HPACK_STATIC_COUNT; i++) {
        const struct hpack_rfc_field *entry = &hpack_rfc_static[i];
        struct gram_hpack_dec dec;
        uint8_t block[128];
        size_t n = 0;
        size_t name_len = strlen(entry->name);

        block[n++] = (uint8_t)(0x80 | i);
        block[n++] = (uint8_t)(i < 15 ? i : 15);
        if (i >= 15)
            block[n++] = (uint8_t)(i - 15);
        memcpy(block + n, "\x01v", 2);
        n += 2;
        block[n++] = 0x10;
        block[n++] = (uint8_t)name_len;
        memcpy(block + n, entry->name, name_len);
        n += name_len;
        block[n++] = 0;

        hpack_record_init(&record, NULL);
        gram_hpack_dec_init(&dec);
        assert_int_equal(hpack_feed(&dec, &record, block, n, HPACK_WHOLE, NULL), GRAM_HPACK_OK);
        assert_int_equal(record.count, 3);
        for (unsigned f = 0; f < 3; f++)
            assert_int_equal(record.field[f].name, first_of(i));
        assert_int_equal(record.field[0].size, 32 + name_len + strlen(entry->value));
        assert_int_equal(record.field[1].size, 32 + name_len + 1);
        assert_int_equal(record.field[2].size, 32 + name_len);
        /* An entry's value is its index; an empty one is for the vocabulary to judge. */
        assert_int_equal(record.field[0].value, entry->value[0] != '\0' ? i : GRAM_HPACK_VALUE_FREE);
        assert_int_equal(record.begun, entry->value[0] != '\0' ? 2 : 3);
        assert_int_equal(record.ended, record.begun);
    }
}

/* A name that nobody lists: by index it has its number, spelled out it is OTHER, in the field and in the
 * entry. Pseudo-headers need no list. */
static void test_unlisted(void **state)
{
    /* etag spelled out; that entry; etag by index; a name by that entry; :path spelled out; etag by index */
    static const char hex[] = "40 04 65746167 01 76  be  a2  7e 01 77  10 05 3a70617468 01 78  62 01 79  be";
    enum { V = GRAM_HPACK_VALUE_FREE, NONE = GRAM_HPACK_VALUE_NONE, OTHER = GRAM_HPACK_NAME_OTHER };
    static const struct hpack_record_field want[] = {
        {37, NONE, OTHER},            {37, NONE, OTHER},
        {36, V, GRAM_HPACK_ETAG},     {37, NONE, OTHER},
        {38, V + 1, GRAM_HPACK_PATH}, {37, V + 2, GRAM_HPACK_ETAG},
        {37, V + 2, GRAM_HPACK_ETAG},
    };
    struct gram_hpack_dec dec;
    (void)state;
    for (int cut = HPACK_WHOLE; cut <= HPACK_BYTES; cut++) {
        hpack_record_init(&record, NULL);
        record.names = record.extras;
        gram_hpack_dec_init(&dec);
        assert_int_equal(hpack_feed_block(&dec, &record, hex, (enum hpack_cut)cut, NULL), GRAM_HPACK_OK);
        assert_int_equal(record.count, sizeof want / sizeof *want);
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(record.field[i].name, want[i].name);
            assert_int_equal(record.field[i].value, want[i].value);
            assert_int_equal(record.field[i].size, want[i].size);
        }
    }
    for (unsigned i = 15; i <= HPACK_STATIC_COUNT; i++) { /* each as the name of a literal */
        const uint8_t block[] = {0x0f, (uint8_t)(i - 15), 0};
        hpack_record_begin(&record);
        assert_int_equal(hpack_feed(&dec, &record, block, sizeof block, HPACK_WHOLE, NULL), GRAM_HPACK_OK);
        assert_int_equal(record.field[0].name, i);
        assert_int_equal(record.field[0].size, 32 + strlen(hpack_rfc_static[i].name));
    }
}

/* An empty value that the vocabulary does not want. */
static void test_declined(void **state)
{
    struct gram_hpack_dec dec;
    (void)state;
    hpack_record_init(&record, NULL);
    record.deaf = GRAM_HPACK_CONTENT_TYPE;
    gram_hpack_dec_init(&dec);
    assert_int_equal(hpack_feed_block(&dec, &record, "9f 0f10 0161", HPACK_WHOLE, NULL), GRAM_HPACK_OK);
    assert_int_equal(record.field[0].name, GRAM_HPACK_CONTENT_TYPE);
    assert_int_equal(record.field[0].value, GRAM_HPACK_VALUE_NONE);
    assert_int_equal(record.field[1].name, GRAM_HPACK_CONTENT_TYPE);
    assert_int_equal(record.field[1].value, GRAM_HPACK_VALUE_NONE);
    assert_int_equal(record.begun, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_unlisted),
        cmocka_unit_test(test_declined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
