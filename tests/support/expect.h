/* What a test of cmocka's demands of a client's frames and answers. Frames are looked at in order, each
 * once. */
#ifndef EXPECT_H
#define EXPECT_H

#include "pair.h"

/* ---- a test of a pair: PAIR_TEST(f) in cmocka's list runs `static void f(struct pair *pair)` on a pair
 * of its own, and closes it ---- */

struct pair_test {
    void (*run)(struct pair *pair);
    const struct gram_app *app;
};
void expect_run(void **state);
#define PAIR_TEST_OF(f, app_)                                                                                \
    {                                                                                                        \
#f, expect_run, NULL, NULL, &(struct pair_test)                                                      \
        {                                                                                                    \
            f, &app_                                                                                         \
        }                                                                                                    \
    }
#define PAIR_TEST(f) PAIR_TEST_OF(f, test_app_plain)

/* ---- frames ---- */

/* The next frame, which must be of this type, on this stream. */
const struct frame *expect_frame(struct peer *p, unsigned type, unsigned flags, uint32_t id);
/* None has come since. */
void expect_nothing(struct peer *p);
/* Whatever has come is of no interest. */
void expect_whatever(struct peer *p);
/* The next frame ends a stream, or the connection, for which the reason holds `reason` (NULL: any). */
void expect_rst(struct peer *p, uint32_t id, enum gram_h2_error error);
void expect_goaway(struct peer *p, enum gram_h2_error error, const char *reason);
/* One frame of zeroes on a new connection ends it. */
void expect_frame_ends(struct pair *pair, unsigned type, unsigned flags, uint32_t id, size_t len,
                       enum gram_h2_error error);
/* The connection still does what it should: a PING is answered, a call too. */
void expect_alive(struct peer *p);

/* ---- answers: all of a stream, whenever it came ---- */

/* A call whose handler has been asked, and will answer later. */
void call_later(struct peer *p, uint32_t id);
/* It has ended with trailers of this status; text NULL: without grpc-message, "*": with some. */
void expect_status(struct peer *p, uint32_t id, gram_status status, const char *text);
/* And it had no headers and no DATA before them. */
void expect_only_trailers(struct peer *p, uint32_t id, gram_status status, const char *text);
/* It has ended with OK and one message of this number. */
void expect_number(struct peer *p, uint32_t id, int32_t number);
/* Nothing has come for it yet. */
void expect_pending(struct peer *p, uint32_t id);
/* It was answered in plain HTTP. */
void expect_http(struct peer *p, uint32_t id, const char *status);
/* What is taken of the server now. */
void expect_usage(const struct pair *pair, unsigned calls, unsigned message_bufs, unsigned held);

#endif
