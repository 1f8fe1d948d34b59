/* An application whose handlers do what a test says, and remember what they were asked. One at a time;
 * test_app_reset() before each test.
 *
 * Answers come from a script, event by event, whatever the call; when it is used up, or holds nothing, a
 * method does the natural thing:
 *     Unary, Tiny, Large    answer the request's number (and text)
 *     Stream, Flood         answer `number` replies, numbered from 0, then DONE
 *     Collect               counts messages, answers the count
 *     Chat                  answers each message with its number */
#ifndef TEST_APP_H
#define TEST_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gram/gram.h"

enum { TEST_SCRIPT = 256, TEST_ASKED = 1024, TEST_TEXT_KEPT = 200 };

/* "/test.Service/..." */
#define UNARY "/test.Service/Unary"   /* reply of number and text */
#define TINY "/test.Service/Tiny"     /* reply of a number */
#define LARGE "/test.Service/Large"   /* reply without a bound */
#define SHORT "/test.Service/Short"   /* as Tiny; takes requests of 20 bytes at most */
#define STREAM "/test.Service/Stream" /* replies of a number */
#define FLOOD "/test.Service/Flood"   /* replies without a bound */
#define COLLECT "/test.Service/Collect"
#define CHAT "/test.Service/Chat"        /* replies of number and text */
#define SMALL_CHAT "/other.Service/Chat" /* replies of a number */
enum { SHORT_MAX = 20 };

/* What to answer to one event. */
struct test_answer {
    gram_status status;
    int32_t number;                /* of the reply */
    uint32_t fill;                 /* bytes of its filler (Large, Flood) */
    const char *text;              /* of the reply; with an error status: grpc-message, NULL for none */
    uint32_t sleep;                /* gram_call_sleep() first, if not 0 */
    bool broken;                   /* the reply cannot be encoded */
    void (*hook)(gram_call *call); /* runs inside the callback */
};

/* What was asked. */
struct test_asked {
    enum gram_event event;
    uint32_t call; /* calls are numbered from 1 in the order that their handlers are first entered */
    const char *path;
    bool has_request;
    int32_t number; /* of the request */
    size_t text_len;
    char text[TEST_TEXT_KEPT];
    gram_status status; /* CLOSED */
    uint32_t at;        /* gram_call_now() */
};

struct test_app {
    struct test_answer script[TEST_SCRIPT];
    unsigned script_len, script_at;
    struct test_asked asked[TEST_ASKED];
    unsigned asked_len;
    uint32_t calls;    /* entered so far */
    uint32_t closed;   /* of them */
    gram_call_ref ref; /* of the call asked last */
    /* interceptors: what `before` answers, and in which order hooks ran ("b0 b1 a1 a0 ") */
    gram_status before[2];
    char hooks[256];
    gram_status after_status;
};

extern struct test_app test_app;
extern const struct gram_app test_app_plain;       /* without interceptors */
extern const struct gram_app test_app_intercepted; /* with two, and one whose hooks are NULL */

void test_app_reset(void);
/* Appends to the script. */
void test_app_answer(struct test_answer answer);
void test_app_status(gram_status status, const char *text);
/* How often an event was asked. */
unsigned test_app_count(enum gram_event event);
/* The n-th thing asked (from 0); negative: from the end, -1 the last. */
const struct test_asked *test_app_asked(int n);

#endif
