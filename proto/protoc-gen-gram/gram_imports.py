"""Which imports a device needs: those whose types it uses.

A file is often imported just for options (google/api/annotations.proto, nanopb.proto), which drags
google/protobuf/descriptor.proto in with it: 10 KB of descriptor that no call ever looks at. Such imports are left
out, and with them the options that they define: of #include lines and of the descriptor that reflection shows.
Nothing else is taken from a descriptor but source positions and the JSON names that are the fields' own names.
"""
OPTIONS_FILE = "google/protobuf/descriptor.proto"


def referenced_types(fdesc):
    """Full names of all types that a file's fields, methods and extensions mention."""
    found = set()

    def fields(items):
        for field in items:
            if field.type_name:
                found.add(field.type_name)
            if field.extendee and not is_option_extension(field):
                found.add(field.extendee)

    def message(desc):
        fields(desc.field)
        fields(desc.extension)
        for sub in desc.nested_type:
            message(sub)

    for desc in fdesc.message_type:
        message(desc)
    fields(fdesc.extension)
    for service in fdesc.service:
        for method in service.method:
            found.update((method.input_type, method.output_type))
    return found


def is_option_extension(field):
    return field.extendee.startswith(".google.protobuf.") and field.extendee.endswith("Options")


def defined_types(fdesc):
    prefix = "." + fdesc.package if fdesc.package else ""
    found = set()

    def walk(prefix, messages, enums):
        found.update("%s.%s" % (prefix, e.name) for e in enums)
        for desc in messages:
            name = "%s.%s" % (prefix, desc.name)
            found.add(name)
            walk(name, desc.nested_type, desc.enum_type)

    walk(prefix, fdesc.message_type, fdesc.enum_type)
    return found


def provided_types(fdescs, name):
    """What importing `name` makes visible: its own types, and those of its public imports."""
    fdesc = fdescs[name]
    found = defined_types(fdesc)
    for i in fdesc.public_dependency:
        found |= provided_types(fdescs, fdesc.dependency[i])
    return found


def dropped_imports(fdescs, name):
    fdesc = fdescs[name]
    public = {fdesc.dependency[i] for i in fdesc.public_dependency}
    used = referenced_types(fdesc)
    return [d for d in fdesc.dependency if d not in public and not used & provided_types(fdescs, d)]


def needed_files(fdescs, named):
    """The named files and all that they need, imports before importers: name -> imports that are left out."""
    dropped = {name: dropped_imports(fdescs, name) for name in fdescs}
    needed, todo = set(), list(named)
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += [d for d in fdescs[name].dependency if d not in dropped[name]]
    return {name: dropped[name] for name in fdescs if name in needed}


def device_descriptor(fdesc, dropped):
    """The FileDescriptorProto that goes into flash."""
    out = type(fdesc)()
    out.CopyFrom(fdesc)
    out.ClearField("source_code_info")
    _drop_json_names(out)
    if not dropped:
        return out
    public = [fdesc.dependency[i] for i in fdesc.public_dependency]
    weak = [fdesc.dependency[i] for i in fdesc.weak_dependency if fdesc.dependency[i] not in dropped]
    kept = [d for d in fdesc.dependency if d not in dropped]
    out.dependency[:] = kept
    out.public_dependency[:] = [kept.index(d) for d in public]
    out.weak_dependency[:] = [kept.index(d) for d in weak]
    _drop_custom_options(out)
    return out


def _drop_json_names(desc):
    """Where they say nothing new. Others stay: grpcurl prints what it is told, and camel case is what its users know."""
    fields = list(desc.extension) + list(getattr(desc, "field", ()))
    for field in fields:
        if field.json_name == field.name:
            field.ClearField("json_name")
    for sub in getattr(desc, "message_type", None) or getattr(desc, "nested_type", ()):
        _drop_json_names(sub)


def _drop_custom_options(message):
    """Takes options that are no part of descriptor.proto out of a descriptor, and extensions that define such."""
    message.DiscardUnknownFields()
    for field, value in message.ListFields():
        if field.is_extension:
            message.ClearExtension(field)
        elif field.name == "extension":
            kept = [e for e in value if not is_option_extension(e)]
            message.ClearField("extension")
            message.extension.extend(kept)
        elif field.message_type is not None:
            for item in ([value] if hasattr(value, "ListFields") else value):
                _drop_custom_options(item)
            if field.name == "options" and not value.ListFields():
                message.ClearField("options")
