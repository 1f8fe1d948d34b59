/* Server reflection: grpc.reflection.v1.ServerReflection, and v1alpha for older tools. With it grpcurl,
 * grpcui, ghz, Postman and the like can list, describe and call what a device serves without having its
 * .proto files.
 *
 * To have it: `SERVICES := reflection` in app.mk, and GRAM_REFLECTION in the table of bindings. It costs
 * the descriptors in flash, and about 220 bytes of RAM, whatever the number of clients. To leave it out,
 * take both lines away; GRAM_DESCRIPTORS 0 (gram/config.h) then leaves out the descriptors too. */
#ifndef GRAM_REFLECTION_H
#define GRAM_REFLECTION_H

#include <stdbool.h>

#include "gram/call.h"
#include "gram/service.h"
#include "grpc/reflection/v1/reflection.gram.h" /* SERVICES := reflection in app.mk makes it */

/* Files in one answer: the one that was asked for and what it imports, directly or not; also how far a
 * symbol is looked for behind a service's own file. What is beyond is left out, and a client asks for it
 * by name. A pointer each, on the stack. */
#ifndef GRAM_REFLECTION_FILES
#define GRAM_REFLECTION_FILES 16
#endif

/* For the table of bindings: both versions. The second one carries the memory that they share. */
#define GRAM_REFLECTION                                                                                      \
    {&grpc_reflection_v1_ServerReflection_service, &gram_reflection_handlers},                               \
    {                                                                                                        \
        &gram_reflection_v1alpha_service, &(struct gram_reflection){.asker = NULL}                           \
    }

/* ---- what GRAM_REFLECTION is made of ---- */

/* A question, from `message` until its answer has gone out. One for all calls: see services/reflection.c. */
struct gram_reflection {
    const gram_call *asker; /* whose question it is; NULL: free */
    bool answered;          /* the answer is on its way */
    grpc_reflection_v1_ServerReflectionRequest question;
};

extern const struct grpc_reflection_v1_ServerReflection_handlers gram_reflection_handlers;
extern const struct gram_service gram_reflection_v1alpha_service;

#endif
