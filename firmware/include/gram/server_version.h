// Server version: every response carries `server-version: <text>`, so a client or a person sees what the device
// runs, whatever becomes of the call.
//
// To have it: `INTERCEPTORS := log server_version` in app.mk, GRAM_METADATA_SIZE with room for it (the text and 22
// bytes of each call), and in the application:
//
//     static const struct gram_server_version version = GRAM_SERVER_VERSION("1.4.2");
//     static const struct gram_interceptor *const interceptors[] = {&gram_log_interceptor, &version.hooks};
//
// The text is ASCII of 0x20 to 0x7e. Place it before what refuses calls, or the refused do not carry it.
//
// Cost, Cortex-M3 -Os: 48 bytes of flash, 24 for the interceptor and the text; no RAM but the call's metadata.
#ifndef GRAM_SERVER_VERSION_H
#define GRAM_SERVER_VERSION_H

#include "gram/interceptor.h"
#include "gram/metadata.h"

struct gram_server_version {
    struct gram_interceptor hooks; /* first */
    const char *text;
};

#define GRAM_SERVER_VERSION(text_)                                                                           \
    {                                                                                                        \
        .hooks = {.before = gram_server_version_before,                                                      \
                  .state_size = GRAM_NEEDS_METADATA("gram/server_version.h")},                               \
        .text = (text_)                                                                                      \
    }

gram_status gram_server_version_before(const struct gram_interceptor *self, gram_call *call);

#endif
