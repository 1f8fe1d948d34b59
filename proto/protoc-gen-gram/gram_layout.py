"""How large a message's struct is in C: what GRAM_REQUEST_SIZE or GRAM_REPLY_SIZE has to be.

Follows the members that nanopb writes, in their order, for a 32-bit and a 64-bit target of the usual kind
(natural alignment; 8-byte integers aligned to 8, as on ARM). It is an upper bound where a target packs tighter, and
it is only used for texts: the compiler checks the real size.
"""
import gram_nanopb

SCALARS = {"bool": 1, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "uint32_t": 4,
           "float": 4, "int64_t": 8, "uint64_t": 8, "double": 8}
PB_SIZE = 2  # pb_size_t without PB_FIELD_32BIT: larger structs than that are refused


class UnknownSize(Exception):
    """A member's type is the user's own (callback_datatype)."""


def struct_size(world, full_name, pointer):
    """sizeof the struct of ".pkg.Msg" with pointers of 4 or 8 bytes, None if only the compiler can know."""
    try:
        return _message(world, full_name, pointer)[0]
    except UnknownSize:
        return None


def _struct(members, packed=False):
    """(size, alignment) of members [(size, alignment)]."""
    offset, widest = 0, 1
    for size, align in members:
        align = 1 if packed else align
        offset = _round_up(offset, align) + size
        widest = max(widest, align)
    return _round_up(offset, widest), widest


def _round_up(value, unit):
    return (value + unit - 1) // unit * unit


def _message(world, full_name, pointer):
    file_name, _, message = world.messages[full_name]
    members = []
    for field in message.fields:
        if isinstance(field, gram_nanopb.OneOf):
            members += _oneof(world, file_name, field, pointer)
        else:
            members += _field(world, file_name, field, pointer)
    return _struct(members or [(1, 1)], message.packed)


def _oneof(world, file_name, oneof, pointer):
    members = [(2 * pointer, pointer)] if oneof.has_msg_cb else []
    members.append((PB_SIZE, PB_SIZE))
    branches = [_struct(_field(world, file_name, f, pointer)) for f in oneof.fields]
    align = max(a for _, a in branches)
    members.append((_round_up(max(s for s, _ in branches), align), align))
    return members


def _field(world, file_name, field, pointer):
    if field.pbtype == "EXTENSION":
        return [(pointer, pointer)]
    if field.allocation == "CALLBACK":
        return [_callback(field.callback_datatype.strip(), pointer)]
    members = []
    if field.pbtype == "MSG_W_CB" and field.rules in ("OPTIONAL", "REPEATED"):
        members.append((2 * pointer, pointer))
    if field.rules == "OPTIONAL":
        members.append((1, 1))
    elif field.rules == "REPEATED":
        members.append((PB_SIZE, PB_SIZE))
    size, align = _item(world, file_name, field, pointer)
    count = field.max_count if field.rules in ("REPEATED", "FIXARRAY") else 1
    return members + [(size * count, align)]


def _callback(datatype, pointer):
    if datatype == "pb_callback_t":
        return 2 * pointer, pointer
    if datatype.endswith("*"):
        return pointer, pointer
    if datatype in SCALARS:
        return SCALARS[datatype], SCALARS[datatype]
    raise UnknownSize(datatype)


def _item(world, file_name, field, pointer):
    if field.pbtype in ("MESSAGE", "MSG_W_CB"):
        return _message(world, _full_name_of(world, file_name, field), pointer)
    if field.pbtype in ("STRING", "FIXED_LENGTH_BYTES"):
        return field.max_size, 1
    if field.pbtype == "BYTES":
        return _struct([(PB_SIZE, PB_SIZE), (field.max_size, 1)])
    if field.pbtype in ("ENUM", "UENUM"):
        enum = world.enum(file_name, field)
        size = 8 if enum is not None and int(enum.options.enum_intsize) == 64 else 4
        return size, size
    size = SCALARS[str(field.ctype)]
    return size, size


def _full_name_of(world, file_name, field):
    """".pkg.Msg" of a message field: found by nanopb's object, whatever its name was mangled to."""
    wanted = world.files[file_name].dependencies[str(field.submsgname)]
    for full_name, (_, _, message) in world.messages.items():
        if message is wanted:
            return full_name
    raise UnknownSize(str(field.submsgname))
