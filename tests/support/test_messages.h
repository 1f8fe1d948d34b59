/* The messages of the tests' service, as nanopb's generator would write them, but sized by the
 * configuration under test: every limit is reached in the smallest and in the default one alike.
 *     message Request { int32 number = 1; string text = 2; }
 *     message Reply { int32 number = 1; string text = 2; bytes filler = 3; } */
#ifndef TEST_MESSAGES_H
#define TEST_MESSAGES_H

#include <pb.h>

#include "gram/config.h"

/* How long their text may be, NUL included. */
#define TEST_TEXT (GRAM_REPLY_SIZE < 200 ? 40 : 160)

struct test_request {
    int32_t number;
    char text[TEST_TEXT];
};

struct test_reply {
    int32_t number;
    char text[TEST_TEXT];
    pb_callback_t filler; /* arg: how many bytes, as a uintptr_t in a pointer */
};

#define TEST_REPLY_TEXT_MAX (1 + 10 + 1 + 2 + TEST_TEXT - 1) /* encoded, without filler */
#define TEST_REPLY_NUMBER_MAX (1 + 10)

extern const pb_msgdesc_t test_request_msg;
extern const pb_msgdesc_t test_reply_msg;

/* Gives a reply `len` bytes of filler; with `broken` their encoding fails. */
void test_reply_fill(struct test_reply *reply, uint32_t len);
void test_reply_break(struct test_reply *reply);

#endif
