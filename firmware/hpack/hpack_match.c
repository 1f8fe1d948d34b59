/* Finds a string among candidates while it streams past, without keeping it.
 *
 * State: `candidate` is the first of the candidates that begin with the `len` bytes so far (its own first
 * `len` characters are these bytes), or GRAM_HPACK_NO_MATCH. It only ever moves forward, so a string costs
 * at most one walk through the candidates, however long it is and however it is cut. */
#include "hpack.h"

void gram_hpack_match_begin(struct gram_hpack_match *m)
{
    m->candidate = 0;
    m->len = 0;
}

static bool same_start(const char *a, const char *b, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        if (a[i] != b[i])
            return false; /* also where one of them ends */
    return true;
}

/* The first candidate from `m->candidate` on that begins with the bytes so far, then `next` (NUL: ends
 * there). */
static unsigned find(const struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                     char next)
{
    unsigned i = m->candidate;
    const char *known = at(ctx, i);
    const char *other;

    if (known == NULL)
        return GRAM_HPACK_NO_MATCH;
    if (known[m->len] == next) /* by far the most frequent, and without looking back */
        return i;
    while ((other = at(ctx, ++i)) != NULL)
        if (same_start(other, known, m->len) && other[m->len] == next)
            return i;
    return GRAM_HPACK_NO_MATCH;
}

void gram_hpack_match_feed(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                           const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len && m->candidate != GRAM_HPACK_NO_MATCH; i++) {
        if (data[i] == 0) { /* or it would match a candidate's end */
            m->candidate = GRAM_HPACK_NO_MATCH;
            return;
        }
        m->candidate = (uint16_t)find(m, at, ctx, (char)data[i]);
        m->len++;
    }
}

unsigned gram_hpack_match_end(const struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx)
{
    return m->candidate == GRAM_HPACK_NO_MATCH ? GRAM_HPACK_NO_MATCH : find(m, at, ctx, '\0');
}
