/* Memory whose neighbours are not there: a read or write beyond either end stops the test at once. */
#ifndef GUARD_PAGE_H
#define GUARD_PAGE_H

#include <stddef.h>
#include <stdint.h>

struct guard_page {
    uint8_t *map;   /* an unmapped page, `room` bytes, an unmapped page */
    size_t room;    /* whole pages */
    size_t page;
};

/* Room for `size` bytes at least. */
void guard_page_open(struct guard_page *guard, size_t size);
void guard_page_close(struct guard_page *guard);
/* `len` bytes (at most the size asked for) that end flush against the page behind. */
uint8_t *guard_page_end(const struct guard_page *guard, size_t len);
/* Bytes that begin right after the page in front. */
uint8_t *guard_page_begin(const struct guard_page *guard);
/* The same, filled with a copy of `data`. Each overwrites what was there before. */
const uint8_t *guard_page_copy_to_end(const struct guard_page *guard, const void *data, size_t len);
const uint8_t *guard_page_copy_to_begin(const struct guard_page *guard, const void *data, size_t len);

#endif
