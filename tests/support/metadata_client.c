/* Requests with metadata. */
#include "metadata_client.h"

#if GRAM_METADATA_SIZE > 0

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct peer *client;
struct blob block;
uint32_t id;

void metadata_client(struct pair *pair)
{
    client = peer_ready(pair);
    id = UINT32_MAX; /* the first request's is 1 */
}

void next_request(void)
{
    id += 2;
    block.len = 0;
    put_request(&block, TINY);
}

void put_text(unsigned form, const char *name, const char *value)
{
    put_literal(&block, form, 0, name, value, strlen(value));
}

void send_request(void)
{
    metadata_seen[0] = '\0';
    peer_block(client, id, &block, 0);
    peer_message(client, id, 3, "", 0, GRAM_H2_FLAG_END_STREAM);
}

void expect_seen(const char *seen)
{
    send_request();
    expect_number(client, id, 3);
    assert_string_equal(metadata_seen, seen);
}

void expect_all_seen(const char *seen)
{
    expect_seen(seen);
    expect_usage(client->pair, 0, 0, 0);
}

void expect_refused(gram_status status, const char *why)
{
    unsigned calls = test_app.calls;

    send_request();
    expect_only_trailers(client, id, status, why);
    assert_int_equal(test_app.calls, calls);
    assert_string_equal(metadata_seen, "");
    expect_usage(client->pair, 0, 0, 0);
    next_request();
    put_text(NOT_ADDED, "x-text", "good");
    expect_all_seen("x-text=good\n");
}

#endif
