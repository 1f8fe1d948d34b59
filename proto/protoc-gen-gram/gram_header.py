"""Writes x.gram.h: the page that tells an engineer what to fill in."""
import textwrap

import gram_names
from gram_model import BIDI, CLIENT_STREAM, SERVER_STREAM, UNARY

# What each handler is for: (member, result, parameters, needed, explanation). {req} and {rep} are the C types.
CLOSED = ("closed", "void", "gram_call *call, gram_status status", False,
          "However the call ended, once: give back what it took. `status`: what the client was told, or why nothing.")

HANDLERS = {
    UNARY: [
        ("handle", "gram_status", "gram_call *call, const {req} *req, {rep} *rep", True,
         "Fill in *rep and answer GRAM_OK, or answer an error: gram_call_fail() gives it a text. GRAM_PENDING, "
         "if the answer comes later: keep what is needed of *req in gram_call_state() or elsewhere, and have "
         "resume asked by gram_call_wake() or gram_call_sleep()."),
        ("resume", "gram_status", "gram_call *call, {rep} *rep", False,
         "After GRAM_PENDING, when the call was woken: answers as handle does, GRAM_PENDING again if it is "
         "too early."),
        CLOSED],
    SERVER_STREAM: [
        ("open", "gram_status", "gram_call *call, const {req} *req", False,
         "GRAM_OK, and next is asked, or an error. Keep what next needs of *req in gram_call_state(). "
         "Not set: GRAM_OK."),
        ("next", "gram_status", "gram_call *call, {rep} *rep", True,
         "The client can take a message: fill in *rep and answer GRAM_MORE. GRAM_WAIT if there is none now: next "
         "is asked again after gram_call_wake() or gram_call_sleep(). GRAM_DONE, *rep ignored, when there are no "
         "more. Or an error."),
        CLOSED],
    CLIENT_STREAM: [
        ("open", "gram_status", "gram_call *call", False,
         "Before the first message: GRAM_OK or an error. Not set: GRAM_OK."),
        ("message", "gram_status", "gram_call *call, const {req} *req", True,
         "Each message: GRAM_OK, or an error. GRAM_WAIT, if it cannot be taken now: the same comes again after "
         "a wake."),
        ("half_close", "gram_status", "gram_call *call, {rep} *rep", True,
         "After the last message: fill in *rep and answer GRAM_OK, or an error, or GRAM_PENDING: then resume is "
         "asked."),
        ("resume", "gram_status", "gram_call *call, {rep} *rep", False,
         "After GRAM_PENDING, when the call was woken: answers as half_close does."),
        CLOSED],
    BIDI: [
        ("open", "gram_status", "gram_call *call", False,
         "Before the first message: GRAM_OK or an error. Not set: GRAM_OK."),
        ("message", "gram_status", "gram_call *call, const {req} *req", True,
         "Each message: GRAM_OK, or an error. GRAM_WAIT, if it cannot be taken now: the same comes again after "
         "a wake, or after a reply has gone out."),
        ("half_close", "gram_status", "gram_call *call", False,
         "After the last message: GRAM_OK, or an error. Note it in gram_call_state() if next ends the call "
         "because of it. Not set: GRAM_OK."),
        ("next", "gram_status", "gram_call *call, {rep} *rep", True,
         "Asked first, after each message, after half_close and after a wake, as long as the client can take a "
         "message: fill in *rep and answer GRAM_MORE, or GRAM_WAIT if there is nothing to say now, GRAM_DONE "
         "(*rep ignored) to end the call, or an error."),
        CLOSED],
}

CALLBACK_REQUEST = ("Fields of the request that are type:FT_CALLBACK are skipped, unless the option "
                    "callback_function names a function of yours that reads them.")
CALLBACK_REPLY = ("The reply has callbacks to set (type:FT_CALLBACK). They are asked when it is sent, perhaps "
                  "several times and after the handler has returned: they must write the same each time.")


def write(world, name, services):
    guard = "GRAM_GEN_%s_H" % gram_names.identifier(gram_names.file_base(name)).upper()
    out = _opening(world, name, services)
    out += ["#ifndef " + guard, "#define " + guard, "", '#include "gram/service.h"',
            '#include "%s.pb.h"' % gram_names.file_base(name), "",
            "#ifdef __cplusplus", 'extern "C" {', "#endif", ""]
    for service in services:
        out += _handlers(world, service)
    out += ["/* %s for reflection; only where GRAM_DESCRIPTORS is 1. */" % name,
            "extern const struct gram_file %s;" % gram_names.file_var(name), "",
            "#ifdef __cplusplus", "}", "#endif", "", "#endif"]
    return "\n".join(out) + "\n"


def _handlers(world, service):
    out = ["/* ---- %s ---- */" % service.name, ""]
    doc = service.doc + [""] if service.doc else []
    out += _comment(doc + ["Set what the application serves and bind it in its gram_app:",
                           "{&%s_service, &the_struct}. What is not set answers UNIMPLEMENTED."
                           % service.c_name], "")
    out.append("struct %s_handlers {" % service.c_name)
    for method in service.methods:
        out += _member(world, method) + [""]
    if service.methods:
        out.pop()
    if not service.methods:
        out.append("    char no_methods;")
    out += ["};", "", "extern const struct gram_service %s_service;" % service.c_name, ""]
    return out


def _member(world, method):
    limits = []
    if method.max_request is not None:
        limits.append("Requests of more than %d bytes are refused (RESOURCE_EXHAUSTED)." % method.max_request)
    if method.state is not None:
        limits.append("Uses %d bytes of gram_call_state()." % method.state)
    if world.has_callbacks(method.req):
        limits += _wrapped(CALLBACK_REQUEST)
    if world.has_callbacks(method.rep):
        limits += _wrapped(CALLBACK_REPLY)
    lines = ["rpc %s" % method.signature] + method.doc + limits
    out = _comment(lines, "    ") + ["    struct {"]
    for member, result, parameters, needed, explanation in HANDLERS[method.kind]:
        out += _comment(_wrapped(("Needed. " if needed else "Optional. ") + explanation), "        ")
        out.append("        %s (*%s)(%s);" % (result, member, parameters.format(**_types(world, method))))
    return out + ["    } %s;" % method.member]


def _types(world, method):
    return {"req": world.type_name(method.req), "rep": world.type_name(method.rep)}


def _wrapped(text):
    return textwrap.wrap(text, 96)


def _comment(lines, indent):
    out = [(indent + (" * " if i else "/* ") + line).rstrip() for i, line in enumerate(lines)]
    return out[:-1] + [out[-1] + " */"]


# ---- the skeleton ----

def _opening(world, name, services):
    if not services:
        return ["/* %s has no services, only messages (%s.pb.h). Generated by protoc-gen-gram: do not edit. */"
                % (name, gram_names.file_base(name))]
    out = ["/* What to fill in to serve %s. Generated by protoc-gen-gram: do not edit." % name, " *",
           " * Copy this into the application's source file, firmware/apps/<app>/<app>.c, and write the insides.",
           " * The handlers that are left out here are optional; all are explained below.", " *"]
    out += [(" *     " + line).rstrip() for line in skeleton(world, name, services)]
    return out + [" */"]


def skeleton(world, name, services):
    """An application that compiles and answers UNIMPLEMENTED, as lines of C without comments."""
    app = gram_names.file_base(name).split("/")[-1]
    called = _handler_names(services)
    out = ['#include "gram/gram.h"', '#include "%s.gram.h"' % gram_names.file_base(name), ""]
    for service in services:
        for method in service.methods:
            for member, result, parameters, needed, _ in HANDLERS[method.kind]:
                if needed or member == "open" and method.kind == SERVER_STREAM:
                    c_name = called[service.name, method.name, member]
                    out += _stub(world, method, result, parameters, c_name)
        out += _instance(service, called)
    out += ["static const struct gram_binding bindings[] = {"]
    out += ["    {&%s_service, &%s}," % (s.c_name, called[s.name]) for s in services]
    return out + ["};", "", "const struct gram_app gram_app = {", "    .name = %s," % gram_names.quoted(app),
                  "    .bindings = bindings,",
                  "    .binding_count = sizeof bindings / sizeof bindings[0],", "};"]


def _stub(world, method, result, parameters, c_name):
    unused = [p for p in ("req", "rep") if "*" + p in parameters]
    return ["static %s %s(%s)" % (result, c_name, parameters.format(**_types(world, method))), "{"] \
        + ["    (void)%s;" % p for p in unused] \
        + ['    return gram_call_fail(call, GRAM_UNIMPLEMENTED, "%s is not written yet");' % method.name,
           "}", ""]


def _instance(service, called):
    out = ["static const struct %s_handlers %s = {" % (service.c_name, called[service.name])]
    for method in service.methods:
        members = [m for m, *_ in HANDLERS[method.kind] if (service.name, method.name, m) in called]
        shown = [".%s = %s" % (m, called[service.name, method.name, m]) for m in members
                 if _shown(method, m)]
        out.append("    .%s = {%s}," % (method.member, ", ".join(shown)))
    return out + ["};", ""]


def _shown(method, member):
    needed = {m: n for m, _, _, n, _ in HANDLERS[method.kind]}
    return needed[member] or member == "open" and method.kind == SERVER_STREAM


def _handler_names(services):
    """Names for the skeleton's functions and structs: the shortest style in which no two are the same."""
    styles = (lambda s, m: gram_names.snake(m) if m else gram_names.snake(s.short),
              lambda s, m: gram_names.snake(s.short) + ("_" + gram_names.snake(m) if m else ""),
              lambda s, m: s.c_name + ("_" + m if m else "_my"))
    for style in styles:
        called = {}
        for service in services:
            called[service.name] = style(service, "") + "_handlers"
            for method in service.methods:
                for member, *_ in HANDLERS[method.kind]:
                    c_name = "%s_%s" % (style(service, method.name), member)
                    called[service.name, method.name, member] = c_name
        if len(set(called.values())) == len(called):
            break
    return called
