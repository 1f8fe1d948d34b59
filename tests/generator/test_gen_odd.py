"""Lawful .proto files of every shape become C that compiles without a warning, for host, target and C++."""
import re

import pytest
from conftest import ARM, CPP, HOST

P3 = 'syntax = "proto3";\npackage pkg;\n'
EMPTY = P3 + "message M {}\n"

ODD = {
    "nested request types": (P3 + """
        message Outer { message Req { message Deep { int32 i = 1; } Deep deep = 1; Kind kind = 2; enum Kind { A = 0; B = 1; } } }
        service S { rpc Get(Outer.Req) returns (Outer.Req.Deep); }""", ""),
    "enum with aliases and negative values": (P3 + """
        enum E { option allow_alias = true; ZERO = 0; NIL = 0; ONE = 1; MINUS = -1; }
        message M { E e = 1; repeated E list = 2; } service S { rpc Get(M) returns (M); }""", "pkg.M.list max_count:3"),
    "oneof": (P3 + """
        message Sub { int32 i = 1; }
        message M { oneof o { string s = 1; Sub sub = 2; bytes b = 3; double d = 4; } oneof p { bool x = 5; } int32 a = 6; }
        service S { rpc Get(M) returns (M); }""", "pkg.M.s max_length:5\npkg.M.b max_size:7"),
    "oneof with callbacks inside, to be sent": (P3 + """
        message Sub { repeated bytes parts = 1; }
        message M { oneof o { string s = 1; Sub sub = 2; int32 i = 3; } } service S { rpc Get(M) returns (M); }""",
                                                "pkg.M.s type:FT_CALLBACK\npkg.Sub.parts type:FT_CALLBACK"),
    "oneof with a callback before each submessage": (P3 + """
        message Sub { repeated bytes parts = 1; }
        message M { oneof o { Sub sub = 2; int32 i = 3; } Sub other = 4; } service S { rpc Get(M) returns (M); }""",
                                                     "pkg.M.o submsg_callback:true\npkg.M.other submsg_callback:true\n"
                                                     "pkg.M.sub submsg_callback:true\npkg.Sub.parts type:FT_CALLBACK"),
    "oneof without union, and an anonymous one": (P3 + """
        message M { oneof o { int32 a = 1; string b = 2; } oneof p { int32 c = 3; double d = 4; } }
        service S { rpc Get(M) returns (M); }""", "pkg.M.o no_unions:true\npkg.M.p anonymous_oneof:true\npkg.M.b max_length:9"),
    "maps": (P3 + """
        message V { double d = 1; } message M { map<string, V> a = 1; map<int32, string> b = 2; map<int32, int32> gone = 3; }
        service S { rpc Get(M) returns (M); }""",
             "pkg.M.a max_count:3\npkg.M.AEntry.key max_length:8\npkg.M.b max_count:2\npkg.M.BEntry.value max_length:8\n"
             "pkg.M.gone type:FT_IGNORE"),
    "several services": (P3 + """
        message M { int32 i = 1; } service A { rpc Get(M) returns (M); } service B { rpc Get(M) returns (M); }
        service Empty {}""", ""),
    "proto3 optional": (P3 + """
        message M { optional int32 a = 1; optional string b = 2; optional M2 c = 3; } message M2 { int32 i = 1; }
        service S { rpc Get(M) returns (M); }""", "pkg.M.b max_length:8"),
    "no package": ('syntax = "proto3"; message M { int32 i = 1; } service S { rpc Get(M) returns (M); }', ""),
    "deep package": ('syntax = "proto3"; package a.b.c.v1; message M {} service S { rpc Get(M) returns (.a.b.c.v1.M); }', ""),
    "names that C keeps for itself": (P3 + """
        message M { int32 int = 1; string char = 2; repeated int32 for = 3; oneof union { int32 while = 4; bool bool = 5; }
          Sub struct = 6; E enum = 7; int32 X = 8; int32 a = 9; int32 NULL = 10; int32 class = 11; repeated Sub new = 12;
          Sub template = 13; optional int32 register = 14; bytes typedef = 15; int32 linux = 16; int32 errno = 17; }
        message Sub { int32 default = 1; }
        enum E { ZERO = 0; return = 1; }
        service service { rpc default(M) returns (M); rpc for(stream M) returns (M); rpc class(M) returns (stream M);
                          rpc bool(stream M) returns (stream M); rpc NULL(M) returns (M); }
        service new { rpc delete(M) returns (M); }""",
                                     "pkg.M.char max_length:8\npkg.M.for max_count:3\npkg.M.new max_count:2\npkg.M.typedef max_size:4"),
    "names that C keeps for itself, without a package": ("""syntax = "proto3";
        message int { int32 i = 1; } message default { int in = 1; double d = 2; repeated double e = 3; } enum short { A = 0; }
        message char { short s = 1; bytes long = 2; } service static { rpc Get(default) returns (char); }""",
                                                         "default.e max_count:2\nchar.long max_size:9"),
    "short enum names": (P3 + "enum E { default = 0; B = 1; } message M { E e = 1; } service S { rpc Get(M) returns (M); }",
                         "pkg.E long_names:false"),
    "methods that look alike": (P3 + """message M {} service S { rpc GetUser(M) returns (M); rpc get_user(M) returns (M);
        rpc GETUser(M) returns (M); rpc Exit(M) returns (M); rpc printf(M) returns (M); rpc Log(M) returns (M); }
        service s { rpc GetUser(M) returns (M); } service T { rpc GetUser(M) returns (M); }""", ""),
    "comments that would end a comment": (P3 + """
        // Looks at /* everything */ of
        //   - "quotes" \\ and backslashes
        //
        // ünïcode */
        service S { /* Gets a / * b */ rpc Get(M) returns (M); // and trailing
          rpc Put(M) returns (M); // Only trailing. */
        } message M {}""", ""),
    "only messages": (P3 + "message M { int32 i = 1; } enum E { A = 0; }", ""),
    "nothing at all": (P3, ""),
    "only an enum": (P3 + "enum E { A = 0; }", ""),
    "every scalar": (P3 + "message M { " + " ".join(
        "%s f%d = %d; repeated %s r%d = %d;" % (t, i, 2 * i + 1, t, i, 2 * i + 2) for i, t in enumerate(
            "bool double float fixed32 fixed64 int32 int64 sfixed32 sfixed64 sint32 sint64 uint32 uint64".split()))
        + " } service S { rpc Get(M) returns (M); }", "pkg.M.r* max_count:2"),
    "integers of other sizes": (P3 + """enum E { A = 0; } message M { int32 a = 1; int64 b = 2; uint32 c = 3; repeated uint32 d = 4;
        bytes e = 5; E f = 6; } service S { rpc Get(M) returns (M); }""",
                                "pkg.M.a int_size:IS_8\npkg.M.b int_size:IS_16\npkg.M.c int_size:IS_64\n"
                                "pkg.M.d int_size:IS_8 max_count:5\npkg.M.e max_size:3 fixed_length:true\npkg.E packed_enum:true"),
    "packed struct, fixed count": (P3 + "message M { int32 a = 1; bool b = 2; repeated int32 c = 3; } service S { rpc Get(M) returns (M); }",
                                   "pkg.M packed_struct:true\npkg.M.c max_count:3 fixed_count:true"),
    "a bound for all strings of a file": (P3 + "message M { string a = 1; N n = 2; } message N { string b = 1; } service S { rpc Get(M) returns (N); }",
                                          "* max_length:20"),
    "options inside the .proto": (P3.replace("package", 'import "nanopb.proto";\npackage') + """
        message M { string a = 1 [(nanopb).max_length = 20]; repeated N n = 2 [(nanopb).max_count = 2]; }
        message N { option (nanopb_msgopt).packed_struct = true; int32 b = 1; } service S { rpc Get(M) returns (N); }""", ""),
    "other names in C": (P3 + "message M { N n = 1; } message N { int32 i = 1; message In { int32 i = 1; } In in = 2; } "
                              "service S { rpc Get(M) returns (N.In); }", "x.proto mangle_names:M_STRIP_PACKAGE"),
    "flat names in C": (P3 + "message M { N n = 1; } message N { int32 i = 1; message In { E i = 1; enum E { A = 0; } } In in = 2; } "
                             "service S { rpc Get(M) returns (N.In); }", "x.proto mangle_names:M_FLATTEN"),
    "another package in C": (P3 + "message M { N n = 1; } message N { int32 i = 1; } service S { rpc Get(M) returns (N); }",
                             'x.proto package:"other.one"'),
    "callbacks of the user's own types": (P3 + "message M { string s = 1; repeated int32 n = 2; } service S { rpc Get(M) returns (M); }",
                                          'pkg.M.s type:FT_CALLBACK callback_datatype:"void *"\npkg.M.n type:FT_CALLBACK'),
    "a callback's type that only the compiler knows": (
        P3 + "message M { string s = 1; } service S { rpc Get(M) returns (M); }",
        'pkg.M.s type:FT_CALLBACK callback_datatype:"struct { int a[3]; }"'),
    "proto2": ("""syntax = "proto2"; package pkg; enum E { A = 1; B = 2; }
        message M { required int32 a = 1; optional string b = 2 [default = "x y"]; optional E c = 3 [default = B];
          repeated int32 d = 4 [packed = true]; optional float e = 5 [default = inf]; optional bytes f = 6; extensions 100 to 199; }
        extend M { optional int32 ext = 100; } service S { rpc Get(M) returns (M); }""",
               "pkg.M.b max_length:8\npkg.M.d max_count:4\npkg.M.f max_size:4"),
    "well-known types": (P3.replace("package", """import "google/protobuf/timestamp.proto"; import "google/protobuf/empty.proto";
        import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto"; package""") + """
        message M { google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; google.protobuf.Int32Value i = 3; }
        service S { rpc Get(google.protobuf.Empty) returns (M); rpc Put(M) returns (google.protobuf.Empty);
                    rpc Watch(google.protobuf.Timestamp) returns (stream google.protobuf.BoolValue); }""", ""),
}


@pytest.mark.parametrize("name", ODD)
def test_compiles(one, name):
    proto, options = ODD[name]
    project = one(proto, options)
    sources = project.generated("proto/x.proto")
    own = [s for s in sources if s.endswith(".gram.c")]
    project.config(GRAM_REQUEST_SIZE=4096, GRAM_REPLY_SIZE=4096)
    assert project.compile(own, HOST) == ""
    assert project.compile(own, HOST, ["-DGRAM_DESCRIPTORS=0"]) == ""
    assert project.compile(own, ARM) == ""
    assert project.compile([s for s in sources if s.endswith(".pb.c")], HOST, ["-w"]) == ""
    # C++ has no anonymous type as a member's type of its own, which that one option asks for
    if "struct {" not in options:
        assert project.compile(["gen/x.gram.h"], CPP) == ""
    header = (project.folder / "gen/x.gram.h").read_text()
    if "service " not in proto:
        assert "struct gram_service" not in header
        return
    the_skeleton_compiles_as_it_is(project, header)
    if "only the compiler" not in name:
        the_check_names_a_size_that_would_do(project)


def the_skeleton_compiles_as_it_is(project, header):
    lines = re.search(r" \*     (#include.*?)\n \*/", header, re.DOTALL).group(1).split("\n")
    text = "\n".join(re.sub(r"^ \*(     )?", "", line) for line in lines)
    assert project.compile([project.write("app.c", text + "\n")]) == ""


def the_check_names_a_size_that_would_do(project):
    """The number in each assertion's text is the struct's size, rounded up to 8: exactly, on host and target."""
    found = re.findall(r"_Static_assert\(sizeof\((\w+)\) <= GRAM_\w+_SIZE,\s*"
                       r'"[\w.]+ does not fit: set GRAM_\w+_SIZE to (\d+) in gram_app_config.h(?: \((\d+) is enough)?',
                       (project.folder / "gen/x.gram.c").read_text())
    assert found
    for compiler, column in ((HOST, 1), ([*ARM, "-fno-short-enums"], 2)):
        lines = ['#include "x.gram.h"'] + ['_Static_assert((sizeof(%s) + 7) / 8 * 8 == %s, "%s");'
                                           % (row[0], row[column] or row[1], row[0]) for row in found]
        assert project.compile([project.write("sizes.c", "\n".join(lines) + "\n")], compiler) == ""


def test_a_struct_that_does_not_fit_is_named_with_macro_file_and_number(one):
    project = one(P3 + "message Req { string a = 1; } message Rep { string b = 1; repeated Req c = 2; int64 d = 3; }"
                       "service S { rpc Get(Req) returns (Rep); }",
                  "pkg.Req.a max_length:300\npkg.Rep.b type:FT_CALLBACK\npkg.Rep.c max_count:2")
    sources = project.generated("proto/x.proto")
    said = project.compile(sources)
    assert '"pkg.Req does not fit: set GRAM_REQUEST_SIZE to 304 in gram_app_config.h"' in said
    assert '"pkg.Rep does not fit: set GRAM_REPLY_SIZE to 632 in gram_app_config.h (624 is enough on a 32-bit target)"' in said
    project.config(GRAM_REQUEST_SIZE=304, GRAM_REPLY_SIZE=632)
    assert project.compile(sources) == ""
    project.config(GRAM_REQUEST_SIZE=296, GRAM_REPLY_SIZE=624)
    assert project.compile(sources, ARM).count("static assertion failed") == 1
    assert project.compile(sources).count("static assertion failed") == 2


def test_call_state_and_largest_request(one):
    project = one(P3 + """message M { int32 i = 1; string s = 2; } service S {
        // Counts.
        // gram: max_request=4096 state=20
        rpc Count(M) returns (stream M);
        // gram: max_request=0
        rpc Nothing(M) returns (M);
        rpc Any(M) returns (M); }""", "pkg.M.s type:FT_CALLBACK")
    sources = project.generated("proto/x.proto")
    text = (project.folder / "gen/x.gram.c").read_text()
    assert re.findall(r"\.req_max = (\w+),\s+\.rep_max = (\w+)", text) == [
        ("4096", "GRAM_UNBOUNDED"), ("0", "GRAM_UNBOUNDED"), ("UINT32_MAX", "GRAM_UNBOUNDED")]
    header = (project.folder / "gen/x.gram.h").read_text()
    assert "max_request=" not in header and " * Counts.\n" in header
    assert "Requests of more than 4096 bytes are refused (RESOURCE_EXHAUSTED)." in header
    assert "Uses 20 bytes of gram_call_state()." in header
    assert '"pkg.S/Count uses 20 bytes of call state: set GRAM_CALL_STATE to 24 in gram_app_config.h"' in project.compile(sources)
    project.config(GRAM_CALL_STATE=24)
    assert project.compile(sources) == ""


def test_the_largest_reply_counts_any_value_of_an_enum(one):
    """Enums are open: a handler may send back a number that it was sent."""
    project = one(P3 + "enum E { A = 0; } enum N { B = 0; C = -1; } message M { E e = 1; } message K { N n = 1; }"
                       "service S { rpc Get(M) returns (M); }")
    project.generated("proto/x.proto")
    program = r"""
        #include <pb_encode.h>
        #include <stdio.h>
        #include "x.pb.h"
        int main(void)
        {
            pkg_M m = {(pkg_E)0xffffffffu};
            pkg_K k = {(pkg_N)-5};
            size_t n = 0, o = 0;
            if (!pb_get_encoded_size(&n, pkg_M_fields, &m) || !pb_get_encoded_size(&o, pkg_K_fields, &k)) {
                return 1;
            }
            return printf("%zu of %d, %zu of %d", n, pkg_M_size, o, pkg_K_size) < 0;
        }"""
    assert project.build([project.write("main.c", program), "gen/x.pb.c"]) == "6 of 6, 11 of 11"


def test_replies_without_a_largest_size(one):
    project = one("""syntax = "proto2"; package pkg;
        message Open { optional int32 i = 1; extensions 100 to 199; } message Has { optional Open o = 1; }
        message Call { optional string s = 1; } message Fixed { optional int32 i = 1; }
        service S { rpc A(Open) returns (Open); rpc B(Open) returns (Has); rpc C(Call) returns (Call); rpc D(Fixed) returns (Fixed); }
        """, "pkg.Call.s type:FT_CALLBACK")
    sources = project.generated("proto/x.proto")
    text = (project.folder / "gen/x.gram.c").read_text()
    assert re.findall(r"\.rep_max = (\w+)", text) == ["GRAM_UNBOUNDED"] * 3 + ["pkg_Fixed_size"]
    assert project.compile(sources) == ""


def test_the_header_explains_callbacks(one):
    project = one(P3 + """message C { string s = 1; } message M { C c = 1; } message Plain { int32 i = 1; }
        service S { rpc Up(M) returns (Plain); rpc Down(Plain) returns (M); rpc Keep(Plain) returns (Plain); }""",
                  "pkg.C.s type:FT_CALLBACK")
    project.generated("proto/x.proto")
    up, down, plain = re.findall(r"/\* rpc .*?\*/", (project.folder / "gen/x.gram.h").read_text(), re.DOTALL)
    assert "Fields of the request that are type:FT_CALLBACK are skipped" in up and "reply" not in up
    assert "The reply has callbacks to set" in down and "request" not in down
    assert "FT_CALLBACK" not in plain


def test_nothing_is_written_twice(one):
    project = one(EMPTY + "service S { rpc Get(M) returns (M); }")
    project.generated("proto/x.proto")
    times = {p: p.stat().st_mtime_ns for p in (project.folder / "gen").rglob("*.[ch]")}
    project.write("proto/x.proto", EMPTY + "service S { rpc Get(M) returns (M);   }")
    project.generated("proto/x.proto")
    assert {p: p.stat().st_mtime_ns for p in times} == times
    project.write("proto/x.proto", EMPTY + "service S { rpc Got(M) returns (M); }")
    project.generated("proto/x.proto")
    changed = {p.name for p in times if p.stat().st_mtime_ns != times[p]}
    assert changed == {"x.gram.h", "x.gram.c"}


def test_the_rule_for_make(project):
    project.write("proto/x.proto", P3 + 'import "lib/y.proto"; import "google/protobuf/empty.proto"; message M { Y y = 1; '
                                        "google.protobuf.Empty e = 2; }")
    project.write("proto/lib/y.proto", P3 + "message Y { string s = 1; }")
    project.write("proto/lib/y.options", "pkg.Y.s max_length:3\n")
    sources = project.generated("proto/x.proto", more=["--depfile", "gen/x.d"])
    assert sources == ["gen/google/protobuf/empty.gram.c", "gen/google/protobuf/empty.pb.c", "gen/lib/y.gram.c", "gen/lib/y.pb.c",
                       "gen/x.gram.c", "gen/x.pb.c"]
    rule = (project.folder / "gen/x.d").read_text()
    first = rule.replace(" \\\n", "").split("\n")[0].split()
    assert first[:4] == ["gen/list:", "proto/lib/y.proto", "proto/x.proto", "proto/lib/y.options"]
    assert all(line.endswith(":") for line in rule.replace(" \\\n", "").split("\n")[1:] if line)
