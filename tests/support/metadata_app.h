/* The scripted application (test_app.h) with keys of all kinds, and an interceptor that writes down what it
 * can read of them when a call begins; and header fields in every form that HPACK has. Where
 * GRAM_METADATA_SIZE is 0, only the fields are there. */
#ifndef METADATA_APP_H
#define METADATA_APP_H

#include "blob.h"
#include "test_app.h"

/* ---- fields ---- */

enum { NOT_ADDED = 0x00, NEVER_ADDED = 0x10, ADDED = 0x40, HUFFMAN_NAME = 1, HUFFMAN_VALUE = 2 };
/* A literal of one of the first three forms, its name by index, or by string where that is 0. */
void put_literal(struct blob *b, unsigned form, unsigned index, const char *name, const void *value,
                 size_t len);

/* ---- keys ---- */

enum { KEY_TEXT, KEY_BIN, KEY_AUTH, KEY_AGENT, KEY_TEXT_2, KEY_JUDGED, METADATA_KEYS };
extern const char *const metadata_name[METADATA_KEYS];
/* What is said of a value by the judge of KEY_AUTH and KEY_JUDGED. */
uint16_t metadata_verdict(const void *value, size_t len);

#if GRAM_METADATA_SIZE > 0

extern const struct gram_key metadata_key[METADATA_KEYS];
/* test_app_plain with the keys and the interceptor; metadata_app_init() before the first pair. */
extern struct gram_app metadata_app;
void metadata_app_init(void);

/* What was seen when the last call began: "name=value" lines, key by key; of KEY_BIN in hex, of judged ones
 * the verdict. Emptied by the test. */
enum { METADATA_SEEN = 8192 };
extern char metadata_seen[METADATA_SEEN];
/* Run by the interceptor where they are not NULL. */
extern gram_status (*metadata_before)(gram_call *call);
extern void (*metadata_after)(gram_call *call);

/* The line of one value, at the end of `text`. */
void metadata_line(char text[METADATA_SEEN], unsigned key, const void *value, size_t len);

#endif
#endif
