/* Guard pages by mmap. Invariant: the first and the last page of `map` cannot be touched, the rest can. */
#define _DEFAULT_SOURCE
#include "guard_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void guard_page_open(struct guard_page *guard, size_t size)
{
    guard->page = (size_t)sysconf(_SC_PAGESIZE);
    guard->room = size > 0 ? (size + guard->page - 1) / guard->page * guard->page : guard->page;
    guard->map = mmap(NULL, guard->room + 2 * guard->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard->map == MAP_FAILED ||
        mprotect(guard->map + guard->page, guard->room, PROT_READ | PROT_WRITE) != 0) {
        perror("guard_page_open");
        exit(1);
    }
}

void guard_page_close(struct guard_page *guard)
{
    munmap(guard->map, guard->room + 2 * guard->page);
    guard->map = NULL;
}

uint8_t *guard_page_end(const struct guard_page *guard, size_t len)
{
    if (len > guard->room) {
        fprintf(stderr, "guard_page_end: %zu bytes asked of %zu; open it larger\n", len, guard->room);
        exit(1);
    }
    return guard->map + guard->page + guard->room - len;
}

uint8_t *guard_page_begin(const struct guard_page *guard)
{
    return guard->map + guard->page;
}

const uint8_t *guard_page_copy_to_end(const struct guard_page *guard, const void *data, size_t len)
{
    uint8_t *to = guard_page_end(guard, len);
    if (len > 0)
        memcpy(to, data, len);
    return to;
}

const uint8_t *guard_page_copy_to_begin(const struct guard_page *guard, const void *data, size_t len)
{
    guard_page_end(guard, len); /* for its check */
    if (len > 0)
        memcpy(guard_page_begin(guard), data, len);
    return guard_page_begin(guard);
}
