"""What reflection hands out: descriptors equal to those that protoc embeds itself, with imports; and that reflection finds
in them every name that they define, and no other.

The C objects are read by a program that walks the generated gram_file, so that what is compared is what lies in flash.
"""
import ast
import re
import sys

import pytest
from conftest import ROOT, run
from google.protobuf import descriptor_pb2, descriptor_pool

DUMP = r"""
#include <stdio.h>
%(includes)s
static void dump(const struct gram_file *f)
{
    printf("file %%s\nbytes ", f->name);
    for (unsigned i = 0; i < f->len; i++) {
        printf("%%02x", f->bytes[i]);
    }
    printf("\n");
    for (unsigned i = 0; i < f->dep_count; i++) {
        printf("dep %%s\n", f->deps[i]->name);
    }
}

int main(void)
{
%(calls)s
    return 0;
}
"""

LOOK = r"""
#include <stdio.h>
#include "reflection_symbols.h"
%(includes)s
static const char *const names[] = {%(names)s NULL};

static void look(const struct gram_file *f)
{
    for (const char *const *name = names; *name != NULL; name++) {
        if (gram_reflection_defines(f, *name)) {
            printf("%%s %%s\n", f->name, *name);
        }
    }
}

int main(void)
{
%(calls)s
    return 0;
}
"""


class File:
    def __init__(self):
        self.data, self.deps, self.symbols = b"", [], set()


def for_each_file(project, sources, program, function, more_sources=(), flags=(), **more):
    """The lines that `program` prints, which calls `function` with each file."""
    bases = [s[len("gen/"):-len(".gram.c")] for s in sources if s.endswith(".gram.c")]
    calls = ["    %s(&%s_gram_file);" % (function, re.sub(r"\W", "_", b)) for b in bases]
    main = project.write("main.c", program % {"includes": "\n".join('#include "%s.gram.h"' % b for b in bases),
                                              "calls": "\n".join(calls), **more})
    project.config(GRAM_REQUEST_SIZE=4096, GRAM_REPLY_SIZE=4096)
    return project.build([main, *more_sources, *sources], ["-Wno-error", *flags]).splitlines()


def flash(project, sources):
    """{file name: File} as the compiled objects have it."""
    found = {}
    for line in for_each_file(project, sources, DUMP, "dump"):
        key, _, value = line.partition(" ")
        if key == "file":
            file = found[value] = File()
        elif key == "bytes":
            file.data = bytes.fromhex(value)
        else:
            file.deps.append(value)
    return found


def look_for(names, project, sources, found):
    """Fills in which of the names are found in which file: of these, and of others that are like them."""
    others = {alike for n in names for alike in (n + "x", n[:-1], n + ".", "." + n, n + ".x", n.replace(".", "..", 1))}
    quoted = "".join('"%s", ' % n for n in sorted(names | others | {"", "."}))
    services = ROOT / "firmware/services"
    for line in for_each_file(project, sources, LOOK, "look", [services / "reflection_symbols.c"],
                              ["-fsanitize=address,undefined", f"-I{services}"], names=quoted):
        file, name = line.split(" ")
        found[file].symbols.add(name)


def embedded(project, include, names):
    """{file name: serialized descriptor} as protoc's own Python output has it."""
    (project.folder / "py").mkdir()
    done = run([sys.executable, "-m", "grpc_tools.protoc", *[f"-I{d}" for d in include], "--python_out=py", *names],
               cwd=project.folder)
    assert done.returncode == 0, done.stderr
    found = {}
    for path in (project.folder / "py").rglob("*_pb2.py"):
        literal = re.search(r"AddSerializedFile\((b'.*')\)", path.read_text())
        data = ast.literal_eval(literal.group(1))
        found[descriptor_pb2.FileDescriptorProto.FromString(data).name] = data
    return found


def all_symbols(file):
    """Full names of what a file defines, by the protobuf library's own objects."""
    found = set()

    def enum(scope, e):
        found.add(e.full_name)
        found.update(f"{scope}.{v.name}" if scope else v.name for v in e.values)

    def message(m):
        found.add(m.full_name)
        found.update(f.full_name for f in m.fields)
        found.update(o.full_name for o in m.oneofs if not (len(o.fields) == 1 and o.name == "_" + o.fields[0].name))
        found.update(x.full_name for x in m.extensions)
        for e in m.enum_types:
            enum(m.full_name, e)
        for n in m.nested_types:
            message(n)

    for m in file.message_types_by_name.values():
        message(m)
    for e in file.enum_types_by_name.values():
        enum(file.package, e)
    found.update(x.full_name for x in file.extensions_by_name.values())
    for s in file.services_by_name.values():
        found.add(s.full_name)
        found.update(m.full_name for m in s.methods)
    return found


def check(project, sources, include, same=True):
    """Everything in flash against protoc; returns it."""
    found = flash(project, sources)
    pool = descriptor_pool.DescriptorPool()
    added = set()

    def add(name):
        if name not in added:
            added.add(name)
            desc = descriptor_pb2.FileDescriptorProto.FromString(found[name].data)
            assert desc.name == name
            for dep in desc.dependency:
                add(dep)
            pool.Add(desc)

    for name in found:
        add(name)
    known = {name: pool.FindFileByName(name) for name in found}
    look_for(set().union(*map(all_symbols, known.values())), project, sources, found)
    for name, file in found.items():
        assert file.deps == [d.name for d in known[name].dependencies]
        assert file.symbols == all_symbols(known[name])
    if same:
        names = [n for n in found if not n.startswith("google/")]
        assert embedded(project, include, names) == {n: without_json_names(found[n].data) for n in names}
    return found


def without_json_names(data):
    """As protoc embeds it: without the JSON names that follow from the fields' names. Ours keeps them for its readers."""
    desc = descriptor_pb2.FileDescriptorProto.FromString(data)
    pool = [desc]
    while pool:
        scope = pool.pop()
        for field in [*getattr(scope, "field", ()), *scope.extension]:
            assert field.json_name != field.name, "one that says nothing is left out"
            words = field.name.split("_")
            if field.json_name == words[0] + "".join(w[:1].upper() + w[1:] for w in words[1:]):
                field.ClearField("json_name")
            else:
                assert field.json_name or "_" not in field.name, f"{field.name} has none"
        pool += getattr(scope, "message_type", None) or getattr(scope, "nested_type", ())
    return desc.SerializeToString()


@pytest.mark.parametrize("protos", [
    ["users.proto", "grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto"],
    ["contacts.proto"], ["greet.proto", "greeter.proto", "streams.proto"]], ids=lambda p: p[0])
def test_the_project_s_own_files(project, protos):
    include = [ROOT / "proto"]
    check(project, project.generated(*[include[0] / p for p in protos], include=include), include)


def test_imports_and_every_kind_of_symbol(project):
    project.write("proto/deep/base.proto", """syntax = "proto3"; package deep.base;
        message Base { oneof o { int32 a = 1; bool b = 2; } optional int32 c = 3; }""")
    project.write("proto/deep/hub.proto", 'syntax = "proto3"; package deep; import public "deep/public.proto";')
    project.write("proto/deep/public.proto", 'syntax = "proto3"; package deep; message Public { int32 i = 1; }')
    project.write("proto/x.proto", """syntax = "proto3"; package pkg;
        import "deep/base.proto"; import "deep/hub.proto";
        import "google/protobuf/timestamp.proto"; import "google/protobuf/empty.proto";
        message M {
          deep.base.Base base = 1; deep.Public p = 2; google.protobuf.Timestamp at = 3; map<int32, Inner> m = 4;
          message Inner {
            enum E { A = 0; B = 1; }
            E e = 1 [json_name = "other"]; int32 snake_case_name = 2;
          }
          repeated int32 list = 5 [packed = false]; reserved 9, 11 to 13;
        }
        enum Top { FIRST = 0; SECOND = 1; }
        service S { option deprecated = true; rpc Get(google.protobuf.Empty) returns (M); }""")
    project.write("proto/x.options", "pkg.M.m max_count:2\npkg.M.list max_count:2\n")
    found = check(project, project.generated("proto/x.proto"), ["proto"])
    google = ["google/protobuf/timestamp.proto", "google/protobuf/empty.proto"]
    assert set(found) == {"deep/base.proto", "deep/hub.proto", "deep/public.proto", "x.proto", *google}
    assert found["x.proto"].deps == ["deep/base.proto", "deep/hub.proto", *google]
    assert found["deep/hub.proto"].deps == ["deep/public.proto"] and found["deep/hub.proto"].symbols == set()
    assert {"pkg.S", "pkg.S.Get", "pkg.M", "pkg.M.base", "pkg.M.Inner", "pkg.M.Inner.E", "pkg.M.Inner.A", "pkg.Top",
            "pkg.SECOND", "pkg.M.MEntry.key"} <= set(found["x.proto"].symbols)
    assert {"deep.base.Base.o", "deep.base.Base.c"} <= set(found["deep/base.proto"].symbols)


def test_no_package(one):
    project = one('syntax = "proto3"; message M { int32 i = 1; } enum E { A = 0; } service S { rpc Get(M) returns (M); }')
    found = check(project, project.generated("proto/x.proto"), ["proto"])
    assert found["x.proto"].symbols == {"S", "S.Get", "M", "M.i", "E", "A"}


def test_imports_for_options_alone_are_left_out(project):
    """annotations.proto and the like would bring 10 KB of descriptor.proto into flash."""
    project.write("proto/google/api/annotations.proto", """syntax = "proto3"; package google.api;
        import "google/protobuf/descriptor.proto";
        message HttpRule { string get = 1; repeated HttpRule more = 2; }
        extend google.protobuf.MethodOptions { HttpRule http = 72295728; }""")
    project.write("proto/own.proto", """syntax = "proto3"; package own; import "google/protobuf/descriptor.proto";
        message Used { int32 i = 1; } extend google.protobuf.FieldOptions { int32 unit = 50001; }""")
    project.write("proto/x.proto", """syntax = "proto3"; package pkg;
        import "google/api/annotations.proto"; import "own.proto"; import "nanopb.proto"; import "google/protobuf/empty.proto";
        message M { string s = 1 [(nanopb).max_length = 5, deprecated = true, (own.unit) = 7]; own.Used u = 2 [(own.unit) = 8]; }
        service S { rpc Get(google.protobuf.Empty) returns (M) { option (google.api.http) = { get: "/v1" }; } }""")
    sources = project.generated("proto/x.proto")
    found = check(project, sources, ["proto"], same=False)
    assert found["x.proto"].deps == ["own.proto", "google/protobuf/empty.proto"]
    assert found["own.proto"].deps == []
    kept = descriptor_pb2.FileDescriptorProto.FromString(found["x.proto"].data)
    assert kept.message_type[0].field[0].options.deprecated
    assert kept.message_type[0].field[0].options.SerializeToString() == descriptor_pb2.FieldOptions(deprecated=True).SerializeToString()
    assert not kept.message_type[0].field[1].HasField("options")
    assert not kept.service[0].method[0].HasField("options")
    assert "own.unit" not in found["own.proto"].symbols
    for name in ("annotations", "descriptor", "nanopb"):
        assert not any(name in s for s in sources)


def test_descriptors_can_be_left_out(one):
    project = one('syntax = "proto3"; package pkg; message M {} service S { rpc Get(M) returns (M); }')
    sources = project.generated("proto/x.proto")
    main = project.write("main.c", '#include <stdio.h>\n#include "x.gram.h"\n'
                                   'int main(void) { return printf("%d", pkg_S_service.file != NULL) < 0; }\n')
    assert project.build([main, *sources], ["-DGRAM_DESCRIPTORS=1"]) == "1"
    assert project.build([main, *sources], ["-DGRAM_DESCRIPTORS=0"]) == "0"
    symbols = run(["nm", "program"], cwd=project.folder).stdout
    assert "pkg_S_service" in symbols and "x_gram_file" not in symbols and "file_bytes" not in symbols
