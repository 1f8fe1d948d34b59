/* greeter: the smallest application. It says hello.
 *
 * An application is what a device serves, and nothing of the device: the same file runs on every board and
 * in the simulator. It consists of
 *     handlers   one C function for each method; the generated greet.gram.h has them to copy;
 *     bindings   which services there are, and whose handlers they have;
 *     gram_app   the one name by which the server finds all of it.
 *
 * A handler gets the decoded request, fills in the reply and says how it went. Both structs are made from
 * the .proto; strings in them are arrays of the length that the .options file gives. It must not block:
 * whoever cannot answer at once answers GRAM_PENDING and is asked again (gram/call.h). */
#include "gram/gram.h"
#include "gram/health.h"
#include "gram/reflection.h"
#include "greet.gram.h"
#include "greeter.gram.h"

/* Builds "Hello <name>" in a reply's field. */
static void say_hello(char *message, size_t size, const char *name)
{
    struct gram_text t = gram_text_in(message, size);

    gram_text_str(&t, "Hello ");
    gram_text_str(&t, name);
}

static gram_status greet_hello(gram_call *call, const greet_HelloRequest *req, greet_HelloReply *rep)
{
    (void)call;
    say_hello(rep->message, sizeof rep->message, req->name);
    return GRAM_OK;
}

static gram_status proto_hello(gram_call *call, const proto_HelloRequest *req, proto_HelloReply *rep)
{
    (void)call;
    say_hello(rep->message, sizeof rep->message, req->name);
    return GRAM_OK;
}

static const struct greet_Greeter_handlers greet_greeter = {.SayHello = {.handle = greet_hello}};
static const struct proto_Greeter_handlers proto_greeter = {.SayHello = {.handle = proto_hello}};

static const struct gram_binding bindings[] = {
    {&greet_Greeter_service, &greet_greeter},
    {&proto_Greeter_service, &proto_greeter},
    GRAM_HEALTH,     /* whether it is well */
    GRAM_REFLECTION, /* what it serves: clients need no .proto file */
};

static const struct gram_interceptor *const interceptors[] = {
    &gram_log_interceptor,
};

const struct gram_app gram_app = {
    .name = "greeter",
    .bindings = bindings,
    .binding_count = sizeof bindings / sizeof bindings[0],
    .interceptors = interceptors,
    .interceptor_count = sizeof interceptors / sizeof interceptors[0],
};
