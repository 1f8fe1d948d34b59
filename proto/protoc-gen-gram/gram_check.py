"""What cannot become C, each in one line that says what to write: a field without a bound, a message that
contains itself, two things of one name. All are found before anything is written."""
import gram_layout
import gram_names
from gram_nanopb import FT_CALLBACK, FT_IGNORE, FT_POINTER, FieldDesc, OneOf, ng

TYPE_NAMES = {FieldDesc.TYPE_STRING: "string", FieldDesc.TYPE_BYTES: "bytes"}
LARGEST_STRUCT = 65528  # gram_method.req_size and rep_size have 16 bits, in steps of 8


def check(world, needed, services):
    """All problems with the files `needed` (name -> dropped imports) and their `services`, as lines."""
    problems = []
    for name in needed:
        for mask in world.unmatched[name]:
            problems.append('%s: "%s" is the name of no message or field of %s: correct or remove that line'
                            % (world.options_path(name), mask, world.path(name)))
    used = _used_messages(world, services)
    looping = _recursion(world, used, problems)
    for full in used:
        _fields(world, full, looping, problems)
        _members(world, full, problems)
    _methods(world, services, bool(problems), problems)
    _names(world, needed, services, problems)
    return problems


def _used_messages(world, services):
    """Every message of a file that was named, and what those and the methods use elsewhere, in their order."""
    todo = [full for full, (name, _, _) in world.messages.items() if name in world.named]
    for service in (s for file_services in services.values() for s in file_services):
        todo += [t for m in service.methods for t in (m.req, m.rep)]
    seen = set()
    while todo:
        full = todo.pop()
        if full in seen or full not in world.messages or world.message(full) is None:
            continue
        seen.add(full)
        todo += [f.type_name for f, options in _asked(world, full)
                 if f.type == FieldDesc.TYPE_MESSAGE and options.type != FT_IGNORE]
    return [full for full in world.messages if full in seen]


def _asked(world, full):
    """A message's fields with the options that were asked for: [(FieldDescriptorProto, NanoPBOptions)]."""
    name, desc, message = world.messages[full]
    found = []
    for f in desc.field:
        options = world.asked[name].get(".".join((message.name + f.name).parts))
        if options is not None:
            found.append((f, options))
    return found


def _add(world, full, field, options):
    name, _, message = world.messages[full]
    return 'add "%s.%s %s" to %s' % (".".join(message.name.parts), field, options, world.options_path(name))


def _fields(world, full, looping, problems):
    name, desc, _ = world.messages[full]
    for f, options in _asked(world, full):
        where = "%s: %s.%s" % (world.path(name), full[1:], f.name)
        if options.type in (FT_IGNORE, FT_CALLBACK) or (options.discard_deprecated and f.options.deprecated):
            continue
        if (full, f.name) in looping:
            continue
        if options.type == FT_POINTER:
            problems.append("%s is FT_POINTER, which needs a heap: %s and remove that"
                            % (where, _add(world, full, f.name, _bound(f))))
            continue
        missing = _bound(f, options)
        if missing:
            kind = ("repeated " if f.label == FieldDesc.LABEL_REPEATED else "")
            kind = "map" if _is_map(world, f) else kind + TYPE_NAMES.get(f.type, _scalar(f))
            if desc.options.map_entry:
                kind = "%s, the map's %s" % (kind, f.name)
            problems.append("%s (%s) has no bound: %s" % (where, kind, _add(world, full, f.name, missing)))
        elif (options.HasField("max_count") and options.max_count < 1) or \
                (options.HasField("max_size") and options.max_size < 1):
            problems.append("%s has a bound below 1: correct it in %s" % (where, world.options_path(name)))


def _is_map(world, f):
    return f.type == FieldDesc.TYPE_MESSAGE and f.type_name in world.messages and \
        world.messages[f.type_name][1].options.map_entry


def _scalar(f):
    if f.type_name:
        return f.type_name[1:]
    return FieldDesc.Type.Name(f.type)[len("TYPE_"):].lower()


def _bound(f, options=None):
    """The options that bound a field and are not there, such as "max_length:32 max_count:4"."""
    missing = []
    has = (lambda key: options.HasField(key)) if options is not None else (lambda key: False)
    if f.type == FieldDesc.TYPE_STRING and not (has("max_length") or has("max_size")):
        missing.append("max_length:32")
    if f.type == FieldDesc.TYPE_BYTES and not has("max_size"):
        missing.append("max_size:32")
    if f.label == FieldDesc.LABEL_REPEATED and not has("max_count"):
        missing.append("max_count:4")
    return " ".join(missing) or "type:FT_CALLBACK" if options is None else " ".join(missing)


def _recursion(world, used, problems):
    """Fields that close a circle of messages: {(".pkg.Msg", field)}."""
    state, looping = {}, set()

    def visit(full):
        state[full] = "open"
        for f, options in _asked(world, full):
            if f.type != FieldDesc.TYPE_MESSAGE or options.type in (FT_CALLBACK, FT_IGNORE, FT_POINTER):
                continue
            sub = f.type_name
            if sub not in world.messages or world.message(sub) is None:
                continue
            if state.get(sub) == "open":
                looping.add((full, f.name))
                problems.append("%s: %s.%s makes %s contain itself, which a struct cannot: %s"
                                % (world.path(world.messages[full][0]), full[1:], f.name, sub[1:],
                                   _add(world, full, f.name, "type:FT_CALLBACK")))
            elif sub not in state:
                visit(sub)
        state[full] = "done"

    for full in used:
        if full not in state:
            visit(full)
    return looping


def _members(world, full, problems):
    """nanopb adds members (has_x, x_count, which_x): a field may have one of those names already."""
    name, _, message = world.messages[full]
    owner = {}
    style = ng.Globals.naming_style

    def member(c_name, field):
        other = owner.setdefault(c_name, field)
        if other is not field:
            problems.append("%s: %s: the fields %s and %s both need a member %s in C: rename one"
                            % (world.path(name), full[1:], other.name, field.name, c_name))

    for f in message.fields:
        if isinstance(f, OneOf):
            member("which_" + style.var_name(f.name), f)
            for branch in f.fields if f.anonymous else [f]:
                member(style.var_name(branch.name), branch)
            continue
        if f.allocation == "STATIC" and f.rules == "OPTIONAL":
            member("has_" + style.var_name(f.name), f)
        if f.allocation == "STATIC" and f.rules == "REPEATED":
            member(style.var_name(f.name) + "_count", f)
        member(style.var_name(f.name), f)


def _methods(world, services, broken, problems):
    for name, file_services in services.items():
        for service in file_services:
            if len(service.methods) > 255:
                problems.append("%s: %s has more than 255 methods: divide it"
                                % (world.path(name), service.name))
            for method in service.methods:
                _types(world, name, service, method, broken, problems)
                _member_names(world, name, service, method, problems)


def _types(world, name, service, method, broken, problems):
    for full in (method.req, method.rep):
        where = "%s: %s.%s uses %s" % (world.path(name), service.name, method.name, full[1:])
        if full not in world.messages or world.message(full) is None:
            problems.append("%s, which skip_message or discard_deprecated leaves out: remove that option"
                            % where)
        elif not broken:
            size = gram_layout.struct_size(world, full, 8)
            if size is not None and size > LARGEST_STRUCT:
                problems.append("%s, a struct of %d bytes; %d are possible: lower its bounds, or make its "
                                "largest field type:FT_CALLBACK" % (where, size, LARGEST_STRUCT))


def _member_names(world, name, service, method, problems):
    for other in service.methods:
        if other is method:
            return
        if other.member == method.member:
            problems.append("%s: %s: the methods %s and %s are both called %s in C: rename one"
                            % (world.path(name), service.name, other.name, method.name, method.member))


def _names(world, needed, services, problems):
    """Names that are visible to the linker or to a whole source file."""
    owner = {}

    def claim(c_name, what):
        other = owner.setdefault(c_name, what)
        if other != what:
            problems.append("%s and %s are both called %s in C: rename one" % (other, what, c_name))

    for full, (name, _, message) in world.messages.items():
        if name in needed and message is not None:
            claim(world.type_name(full), "%s: %s" % (world.path(name), full[1:]))
    for name in needed:
        claim(gram_names.file_var(name), "the descriptor of " + world.path(name))
        for service in services[name]:
            what = "%s: service %s" % (world.path(name), service.name)
            claim(service.c_name + "_service", what)
            claim(service.c_name + "_handlers", what)
            for method in service.methods:
                claim("%s_%s_dispatch" % (service.c_name, method.name), what + ", " + method.name)
