"""Services and methods as the writers of C want them: names, types, kinds, comments, limits.

A comment above an rpc goes into the header. A line of it that starts with `gram:` is for the generator instead:

    // gram: max_request=4096 state=12

max_request is the longest request that is taken, in bytes (without it: what the buffers hold); state is how many
bytes of gram_call_state() the handler uses, checked against GRAM_CALL_STATE by the compiler.
"""
import re
from dataclasses import dataclass, field
from typing import List, Optional

import gram_names

UNARY, SERVER_STREAM = "GRAM_UNARY", "GRAM_SERVER_STREAM"
CLIENT_STREAM, BIDI = "GRAM_CLIENT_STREAM", "GRAM_BIDI"
KINDS = {(False, False): UNARY, (False, True): SERVER_STREAM, (True, False): CLIENT_STREAM, (True, True): BIDI}

SERVICE, METHOD = 6, 2  # field numbers in FileDescriptorProto and ServiceDescriptorProto: paths of comments


@dataclass
class Method:
    name: str          # as in the .proto
    member: str        # of the handlers struct
    path: str          # "/pkg.Service/Method"
    kind: str
    req: str           # ".pkg.Req"
    rep: str
    doc: List[str]
    signature: str     # as in the .proto: CreateUser(CreateUserRequest) returns (User)
    max_request: Optional[int] = None
    state: Optional[int] = None


@dataclass
class Service:
    name: str          # "pkg.Service"
    short: str         # "Service"
    c_name: str        # pkg_Service
    doc: List[str]
    methods: List[Method] = field(default_factory=list)


def services_of(fdesc, problem):
    """The services of a file. `problem(text)` is told of directives that make no sense."""
    comments = {tuple(l.path): l for l in fdesc.source_code_info.location}
    found = []
    for i, desc in enumerate(fdesc.service):
        full = "%s.%s" % (fdesc.package, desc.name) if fdesc.package else desc.name
        doc, _ = _comment(comments.get((SERVICE, i)))
        service = Service(full, desc.name, gram_names.identifier(full), doc)
        for j, m in enumerate(desc.method):
            doc, directives = _comment(comments.get((SERVICE, i, METHOD, j)))
            method = Method(m.name, gram_names.safe(m.name), "/%s/%s" % (full, m.name),
                            KINDS[m.client_streaming, m.server_streaming], m.input_type, m.output_type, doc,
                            _signature(fdesc, m))
            for directive in directives:
                _apply(method, directive, lambda text: problem("%s.%s: %s" % (full, m.name, text)))
            service.methods.append(method)
        found.append(service)
    return found


def _signature(fdesc, m):
    own = "." + fdesc.package + "." if fdesc.package else "."

    def short(type_name, stream):
        name = type_name[len(own):] if type_name.startswith(own) else type_name[1:]
        return ("stream " if stream else "") + name

    return "%s(%s) returns (%s)" % (m.name, short(m.input_type, m.client_streaming),
                                    short(m.output_type, m.server_streaming))


def _comment(location):
    """(lines of text, directives) of a comment in the .proto, safe inside a comment of C."""
    if location is None:
        return [], []
    text = location.leading_comments or location.trailing_comments
    doc, directives = [], []
    for line in text.split("\n"):
        line = line[1:] if line.startswith(" ") else line
        found = re.match(r"\s*gram:\s*(.*)", line)
        if found:
            directives += found.group(1).split() or [""]
        else:
            doc.append(line.rstrip().replace("*/", "* /").replace("/*", "/ *"))
    while doc and not doc[-1]:
        doc.pop()
    while doc and not doc[0]:
        doc.pop(0)
    return doc, directives


def _apply(method, directive, problem):
    key, _, value = directive.partition("=")
    if key not in ("max_request", "state") or not re.fullmatch(r"[0-9]{1,9}", value):
        problem('"gram: %s" is not understood: write // gram: max_request=BYTES or // gram: state=BYTES'
                % directive)
        return
    setattr(method, key, int(value))
