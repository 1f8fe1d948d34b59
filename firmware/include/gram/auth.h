// Bearer tokens: a call must bring `authorization: Bearer <token>` with one of the tokens that the device
// knows; else it ends with UNAUTHENTICATED and a text that says what is wrong, before its handler runs.
//
// To have it: `INTERCEPTORS := log auth` in app.mk, GRAM_METADATA_SIZE of at least 16 (a call's token takes 5
// bytes, whatever its length), and in the application:
//
//     static const struct gram_token tokens[] = {
//         GRAM_TOKEN("reader", "0cc175b9c0f1b6a8"),            a role or a name, and its token
//         GRAM_TOKEN("admin", "92eb5ffee6ae2fec"),
//     };
//     static const struct gram_path_list open = GRAM_PATHS("/grpc.health.v1.Health/*");
//     static const struct gram_auth auth = GRAM_AUTH(auth, tokens, &open);    its own name, tokens, or NULL: no skip
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &auth.hooks};
//     static const struct gram_key *const keys[] = {&auth.key};
//     const struct gram_app gram_app = {.., .keys = keys, .key_count = 1};    forgotten, nobody gets in
//
// Who may do what, by role, with the allow interceptor behind it (gram/allow.h); a handler asks the same way:
//
//     static const struct gram_path_list reading = GRAM_PATHS("/user.UserService/Get*"), all = GRAM_PATHS("*");
//     static const struct gram_path_list *by_role(gram_call *call)
//     {
//         return gram_auth_token(&auth, call) == 2 ? &all : &reading;
//     }
//     static const struct gram_allow allow = {
//         .hooks = GRAM_ALLOW_HOOKS, .hooks.skip = &open, .choose = by_role};
//
// Tokens that change at run time: an array in RAM instead, filled from where the device keeps its secrets, an
// entry that is all zero for none. Change it from the main loop and then call gram_server_forget_verdicts().
//
// The token is judged while its bytes stream past and stored nowhere, neither in the call nor in HPACK's table:
// what is kept is which one it was. Each byte is compared with all tokens, and none ends the comparison, so the
// time says nothing of how much of a token was right; it may tell the lengths. That is as good as the
// connection it comes over: in plaintext, whoever listens has the token. Take 16 random bytes or more.
//
// Cost, Cortex-M3 -Os: 445 bytes of flash, 52 for the interceptor, 12 a token and its texts; no RAM.
#ifndef GRAM_AUTH_H
#define GRAM_AUTH_H

#include <stdint.h>

#include "gram/interceptor.h"
#include "gram/metadata.h"

#define GRAM_AUTH_TOKENS_MAX 32 /* a bit of the judge's memory each */

struct gram_token {
    const char *name; /* whose it is; for gram_auth_name() */
    const char *text; /* without "Bearer " */
    uint16_t len;     /* of text; 0: no token, nobody can send it */
};

#define GRAM_TOKEN(name_, text_) {.name = (name_), .text = (text_), .len = sizeof(text_) - 1}

struct gram_auth {
    struct gram_interceptor hooks; /* first */
    struct gram_judge judge;
    struct gram_key key; /* for the application's keys */
    const struct gram_token *tokens;
    uint8_t token_count;
};

#define GRAM_AUTH(self_, tokens_, skip_)                                                                     \
    {                                                                                                        \
        .hooks = {.before = gram_auth_before, .skip = (skip_)},                                              \
        .judge = {.begin = gram_auth_begin, .data = gram_auth_data, .end = gram_auth_end},                   \
        .key = GRAM_KEY_AUTHORIZATION, .key.judge = &(self_).judge, .tokens = (tokens_),                     \
        .token_count =                                                                                       \
            sizeof(tokens_) / sizeof(struct gram_token) + 0 * sizeof(struct {                                \
                _Static_assert(sizeof(tokens_) <= GRAM_AUTH_TOKENS_MAX * sizeof(struct gram_token),          \
                               "gram/auth.h: at most 32 tokens");                                            \
                char unused;                                                                                 \
            }) + GRAM_NEEDS_METADATA("gram/auth.h"),                                                         \
    }

/* Which of the tokens the call came with, from 1 on in their order; 0: with none of them (auth is not in its chain, or skips its method). */
unsigned gram_auth_token(const struct gram_auth *auth, const gram_call *call);

/* The name of that token, or NULL. */
const char *gram_auth_name(const struct gram_auth *auth, const gram_call *call);

gram_status gram_auth_before(const struct gram_interceptor *self, gram_call *call);
void gram_auth_begin(const struct gram_judge *self, uint32_t state[4]);
void gram_auth_data(const struct gram_judge *self, uint32_t state[4], const uint8_t *data, size_t len);
uint16_t gram_auth_end(const struct gram_judge *self, uint32_t state[4]);

#endif
