// Audit: one line for each call that has ended: who, what, how it ended, how long it took.
//
//     audit: ann /user.UserService/CreateUser OK 3 ms
//
// To have it: `INTERCEPTORS := log audit` in app.mk, and in the application:
//
//     static const struct gram_path_list others = GRAM_PATHS("/grpc.health.v1.Health/*");
//     static const struct gram_audit audit = {.hooks = GRAM_AUDIT_HOOKS, .hooks.skip = &others};
//     static const struct gram_interceptor *const interceptors[] = {&audit.hooks, &auth.hooks};
//     static const struct gram_key *const keys[] = {&gram_audit_user, &auth.key};
//
// Who: the metadata `user-id`, of the first 32 bytes; "-" where there is none. It is what the client says, no proof.
// What is not visible ASCII, spaces too, reads '?': a line cannot be forged or broken. Where auth (gram/auth.h)
// knows the caller, or request_id names the call, `more` appends what the application likes:
//
//     static void more(gram_call *call, struct gram_text *line)     " token admin"
//     {
//         gram_text_str(line, " token ");
//         gram_text_str(line, gram_auth_name(&auth, call) ? gram_auth_name(&auth, call) : "-");
//     }
//     static const struct gram_audit audit = {.hooks = GRAM_AUDIT_HOOKS, .more = more};
//
// Lines go to the server's log, or to the application's own `line` (a file, a ring in RAM). Place it at the front,
// or it does not see what is refused before it.
//
// Cost, Cortex-M3 -Os: 240 bytes of flash, 28 for the interceptor; no RAM.
#ifndef GRAM_AUDIT_H
#define GRAM_AUDIT_H

#include "gram/interceptor.h"
#include "gram/metadata.h"
#include "gram/text.h"

struct gram_audit {
    struct gram_interceptor hooks; /* first: GRAM_AUDIT_HOOKS */
    /* Appends to the line; NULL: nothing. */
    void (*more)(gram_call *call, struct gram_text *line);
    /* Takes the line, which is valid during the call only; NULL: the server's log does. */
    void (*line)(gram_call *call, const char *line);
};

#define GRAM_AUDIT_HOOKS {.after = gram_audit_after, .state_size = GRAM_NEEDS_METADATA("gram/audit.h")}

/* user-id, for the application's keys. */
extern const struct gram_key gram_audit_user;

void gram_audit_after(const struct gram_interceptor *self, gram_call *call, gram_status status);

#endif
