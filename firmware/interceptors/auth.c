/* Bearer tokens (gram/auth.h; RFC 6750 2.1).
 *
 * The judge's memory while a value streams past: DIFFERS has a bit for each token, set once a byte was not the token's;
 * AT counts the value's bytes; SCHEME is not 0 once "Bearer " was not what it began with. Invariant: which bytes come decides no
 * branch and no address, only what lies in DIFFERS and SCHEME. */
#include "gram/auth.h"

enum { DIFFERS, AT, SCHEME };

/* Verdicts beyond the tokens' numbers. */
enum { UNKNOWN_TOKEN = 0, NO_BEARER = GRAM_AUTH_TOKENS_MAX + 1 };

static const char scheme[] = "bearer ";
enum { SCHEME_LEN = sizeof scheme - 1 };

static const struct gram_auth *auth_of(const struct gram_judge *judge)
{
    return (const struct gram_auth *)(const void *)((const char *)judge - offsetof(struct gram_auth, judge));
}

/* 1 where the bytes differ, else 0. */
static uint32_t unlike(uint8_t a, uint8_t b)
{
    return (0u - (uint32_t)(a ^ b)) >> 31;
}

void gram_auth_begin(const struct gram_judge *self, uint32_t state[4])
{
    (void)self;
    state[DIFFERS] = state[AT] = state[SCHEME] = 0;
}

void gram_auth_data(const struct gram_judge *self, uint32_t state[4], const uint8_t *data, size_t len)
{
    const struct gram_auth *auth = auth_of(self);

    for (size_t i = 0; i < len; i++) {
        uint32_t at = state[AT]++;

        if (at < SCHEME_LEN) { /* its letters in either case (RFC 9110 11.1); a space has that bit, and a NUL cannot come */
            state[SCHEME] |= unlike(data[i] | 0x20, (uint8_t)scheme[at]);
            continue;
        }
        at -= SCHEME_LEN;
        for (unsigned t = 0; t < auth->token_count; t++)
            if (at < auth->tokens[t].len)
                state[DIFFERS] |= unlike(data[i], (uint8_t)auth->tokens[t].text[at]) << t;
    }
}

uint16_t gram_auth_end(const struct gram_judge *self, uint32_t state[4])
{
    const struct gram_auth *auth = auth_of(self);

    if (state[SCHEME] != 0 || state[AT] <= SCHEME_LEN) /* nor may "Bearer " be an entry that is none */
        return NO_BEARER;
    for (unsigned t = 0; t < auth->token_count; t++)
        if ((state[DIFFERS] >> t & 1) == 0 && auth->tokens[t].len == state[AT] - SCHEME_LEN)
            return (uint16_t)(t + 1);
    return UNKNOWN_TOKEN;
}

/* ---- calls ---- */

gram_status gram_auth_before(const struct gram_interceptor *self, gram_call *call)
{
    const struct gram_auth *auth = (const struct gram_auth *)self;
    const char *text;

    switch (gram_call_verdict(call, &auth->key, 0)) {
    case -1:
        text = "no authorization";
        break;
    case UNKNOWN_TOKEN:
        text = "unknown token";
        break;
    case NO_BEARER:
        text = "authorization: not 'Bearer TOKEN'";
        break;
    default:
        if (gram_call_verdict(call, &auth->key, 1) < 0)
            return GRAM_OK;
        text = "authorization twice";
        break;
    }
    return gram_call_fail(call, GRAM_UNAUTHENTICATED, text);
}

unsigned gram_auth_token(const struct gram_auth *auth, const gram_call *call)
{
    int32_t verdict = gram_call_verdict(call, &auth->key, 0);

    return verdict > 0 && verdict <= auth->token_count && gram_call_verdict(call, &auth->key, 1) < 0 ? (unsigned)verdict : 0;
}

const char *gram_auth_name(const struct gram_auth *auth, const gram_call *call)
{
    unsigned token = gram_auth_token(auth, call);

    return token > 0 ? auth->tokens[token - 1].name : NULL;
}
