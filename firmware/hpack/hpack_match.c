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

/* `known` begins with the bytes so far, but does not have `next` behind them (NUL: does not end there). Moves
 * on to the first candidate that does; NULL if none. */
static const char *next_known(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx,
                              const char *known, char next)
{
    const char *other;

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
        char next = (char)*data++;
        if (next == '\0') { /* or it would match a candidate's end */
            m->candidate = GRAM_HPACK_NO_MATCH;
            return;
        }
        if (known[m->len] != next)
            known = next_known(m, at, ctx, known, next);
        m->len++;
    }
}

unsigned gram_hpack_match_end(struct gram_hpack_match *m, gram_hpack_candidate_fn *at, const void *ctx)
{
    const char *known = at(ctx, m->candidate);

    if (known != NULL && known[m->len] != '\0')
        known = next_known(m, at, ctx, known, '\0');
    return known != NULL ? m->candidate : GRAM_HPACK_NO_MATCH;
}
