"""Names in C: what C and C++ keep for themselves gets an underscore, in messages as in services.

nanopb's generator asks one object, its naming style, for every name of a type, member or enum value; a style of
our own is what makes a field called `int` or `new` compile.
"""
import re

RESERVED = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    alignas alignof asm bool catch class compl concept consteval constexpr constinit const_cast co_await co_return
    co_yield decltype delete dynamic_cast explicit export false friend mutable namespace new noexcept nullptr operator
    private protected public reinterpret_cast requires static_assert static_cast template this thread_local throw true
    try typeid typename using virtual wchar_t and and_eq bitand bitor not not_eq or or_eq xor xor_eq
    NULL EOF errno assert offsetof typeof linux unix
""".split())


def safe(name):
    """`name` as C and C++ accept it."""
    return name + "_" if name in RESERVED else name


def snake(name):
    """CreateUser -> create_user, HTTPGet -> http_get."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).lower()


def identifier(text):
    """Any text as a piece of an identifier: grpc/health/v1/health -> grpc_health_v1_health."""
    text = re.sub(r"\W", "_", text, flags=re.ASCII)
    return "_" + text if text[:1].isdigit() else text


def file_base(proto_name):
    """google/protobuf/empty.proto -> google/protobuf/empty: what generated files are called."""
    return proto_name[:-len(".proto")] if proto_name.endswith(".proto") else proto_name


def file_var(proto_name):
    """The C name of a file's descriptor."""
    return identifier(file_base(proto_name)) + "_gram_file"


def quoted(text):
    """`text` as a string literal of C."""
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def naming_style(base):
    """nanopb's naming style `base`, with reserved names made safe."""

    class SafeNames(base):
        def type_name(self, name):
            return safe(str(name))

        def var_name(self, name):
            return safe(str(name))

        def enum_entry(self, name):
            return safe(str(name))

    return SafeNames()
