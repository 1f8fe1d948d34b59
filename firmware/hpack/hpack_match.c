/* Finds a string among candidates while it streams past, without keeping it.
 *
 * State: `candidate` is the first of the candidates that begin with the `len` bytes so far (its own first
 * `len` characters are these bytes), or past the last. It only ever moves forward, so a string costs at most
 * one walk through the candidates, however long it is and however it is cut. */
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

/* `known` begins with the bytes so far. Moves on to the first candidate that has `next` behind them (NUL:
 * ends there); NULL if none has. */
static const char *find(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                        const char *known, char next)
{
    const char *other;

    if (known[m->len] == next) /* by far the most frequent, and without looking back */
        return known;
    do
        other = at(ctx, ++m->candidate);
    while (other != NULL && !(same_start(other, known, m->len) && other[m->len] == next));
    return other;
}

void gram_hpack_match_feed(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                           const uint8_t *data, size_t len)
{
    const char *known = at(ctx, m->candidate);

    for (; len > 0 && known != NULL; len--) {
        if (*data == 0) { /* or it would match a candidate's end */
            m->candidate = GRAM_HPACK_NO_MATCH;
            return;
        }
        known = find(m, at, ctx, known, (char)*data++);
        m->len++;
    }
}

unsigned gram_hpack_match_end(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx)
{
    const char *known = at(ctx, m->candidate);

    if (known == NULL || find(m, at, ctx, known, '\0') == NULL)
        return GRAM_HPACK_NO_MATCH;
    return m->candidate;
}
