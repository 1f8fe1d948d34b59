"""Every mistake is one line that says what to write, all of them at once, and nothing is generated."""
import sys

from conftest import GENERATOR, run

HEAD = 'syntax = "proto3";\npackage pkg;\n'


def test_a_field_without_a_bound(one):
    project = one(HEAD + "message User { string name = 1; }")
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: pkg.User.name (string) has no bound: add "pkg.User.name max_length:32" to proto/x.options']


def test_all_fields_without_a_bound_at_once(one):
    project = one(HEAD + """
        message M {
          bytes blob = 1;
          repeated int32 numbers = 2;
          repeated string words = 3;
          repeated Inner inners = 4;
          map<string, int32> counts = 5;
          oneof either { string a = 6; int32 b = 7; }
          optional string nick = 8;
          message Inner { string deep = 1; }
          string bounded = 9;
          bytes sized = 10;
          string half = 11;
          repeated string half_list = 12;
          string callback = 13;
          string ignored = 14;
        }
        """, """
        pkg.M.bounded max_length:8
        pkg.M.sized max_size:8
        pkg.M.half max_size:8
        pkg.M.half_list max_count:8
        pkg.M.callback type:FT_CALLBACK
        pkg.M.ignored type:FT_IGNORE
        """)
    where = "proto/x.proto: pkg.M."
    assert sorted(project.failing("proto/x.proto")) == sorted([
        where + 'blob (bytes) has no bound: add "pkg.M.blob max_size:32" to proto/x.options',
        where + 'numbers (repeated int32) has no bound: add "pkg.M.numbers max_count:4" to proto/x.options',
        where + 'words (repeated string) has no bound: add "pkg.M.words max_length:32 max_count:4" to proto/x.options',
        where + 'inners (repeated pkg.M.Inner) has no bound: add "pkg.M.inners max_count:4" to proto/x.options',
        where + 'counts (map) has no bound: add "pkg.M.counts max_count:4" to proto/x.options',
        where + 'a (string) has no bound: add "pkg.M.a max_length:32" to proto/x.options',
        where + 'nick (string) has no bound: add "pkg.M.nick max_length:32" to proto/x.options',
        where + 'Inner.deep (string) has no bound: add "pkg.M.Inner.deep max_length:32" to proto/x.options',
        where + 'CountsEntry.key (string, the map\'s key) has no bound: add "pkg.M.CountsEntry.key max_length:32" to '
                'proto/x.options',
        where + 'half_list (repeated string) has no bound: add "pkg.M.half_list max_length:32" to proto/x.options',
    ])


def test_the_lines_it_names_mend_it(one):
    project = one(HEAD + """
        message M { repeated string words = 1; map<string, bytes> blobs = 2; message In { bytes b = 1; } In in = 3; }""")
    lines = project.failing("proto/x.proto")
    project.write("proto/x.options", "\n".join(line.split('"')[1] for line in lines) + "\n")
    sources = project.generated("proto/x.proto")
    assert project.compile(sources) == ""


def test_a_message_without_a_package(one):
    project = one('syntax = "proto3"; message M { string s = 1; }')
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: M.s (string) has no bound: add "M.s max_length:32" to proto/x.options']
    project.write("proto/x.options", "M.s max_length:32\n")
    project.generated("proto/x.proto")


def test_imports_are_checked_where_they_are_used(project):
    project.write("proto/lib/used.proto", HEAD + "message Used { string s = 1; Deeper d = 2; } message Deeper { bytes b = 1; }"
                                                 "message Unused { string s = 1; }")
    project.write("proto/x.proto", 'syntax = "proto3"; import "lib/used.proto"; import "google/protobuf/any.proto";'
                                   "message M { pkg.Used u = 1; google.protobuf.Any any = 2; }")
    assert sorted(project.failing("proto/x.proto")) == [
        'google/protobuf/any.proto: google.protobuf.Any.type_url (string) has no bound: add "google.protobuf.Any.type_url '
        'max_length:32" to proto/google/protobuf/any.options',
        'google/protobuf/any.proto: google.protobuf.Any.value (bytes) has no bound: add "google.protobuf.Any.value '
        'max_size:32" to proto/google/protobuf/any.options',
        'proto/lib/used.proto: pkg.Deeper.b (bytes) has no bound: add "pkg.Deeper.b max_size:32" to proto/lib/used.options',
        'proto/lib/used.proto: pkg.Used.s (string) has no bound: add "pkg.Used.s max_length:32" to proto/lib/used.options']
    project.write("proto/google/protobuf/any.options", "google.protobuf.Any.* max_length:32 max_size:32")
    project.write("proto/lib/used.options", "pkg.Used.s max_length:32\npkg.Deeper.b max_size:4")
    assert project.compile(project.generated("proto/x.proto")) == ""


def test_a_heap_is_never_needed(one):
    project = one(HEAD + "message M { string s = 1; repeated M2 m = 2; } message M2 { int32 i = 1; }",
                  "pkg.M.s type:FT_POINTER\npkg.M.m type:FT_POINTER\n")
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: pkg.M.s is FT_POINTER, which needs a heap: add "pkg.M.s max_length:32" to proto/x.options and remove that',
        'proto/x.proto: pkg.M.m is FT_POINTER, which needs a heap: add "pkg.M.m max_count:4" to proto/x.options and remove that']


def test_a_message_that_contains_itself(one):
    project = one(HEAD + "message Node { int32 v = 1; Node next = 2; }")
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: pkg.Node.next makes pkg.Node contain itself, which a struct cannot: add "pkg.Node.next type:FT_CALLBACK" '
        "to proto/x.options"]
    project.write("proto/x.options", "pkg.Node.next type:FT_CALLBACK\n")
    assert project.compile(project.generated("proto/x.proto")) == ""


def test_a_message_that_contains_itself_many_times(one):
    """One line, not one more for the list's missing bound."""
    project = one(HEAD + "message Node { repeated Node children = 1; map<int32, Node> named = 2; }",
                  "pkg.Node.named max_count:2")
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: pkg.Node.children makes pkg.Node contain itself, which a struct cannot: '
        'add "pkg.Node.children type:FT_CALLBACK" to proto/x.options',
        'proto/x.proto: pkg.Node.NamedEntry.value makes pkg.Node contain itself, which a struct cannot: '
        'add "pkg.Node.NamedEntry.value type:FT_CALLBACK" to proto/x.options']
    project.write("proto/x.options", "pkg.Node.* type:FT_CALLBACK\n")
    assert project.compile(project.generated("proto/x.proto")) == ""


def test_a_circle_of_messages(one):
    project = one(HEAD + "message A { B b = 1; } message B { oneof o { C c = 1; } } message C { repeated A as = 1; }",
                  "pkg.C.as max_count:2")
    assert project.failing("proto/x.proto") == [
        'proto/x.proto: pkg.C.as makes pkg.A contain itself, which a struct cannot: add "pkg.C.as type:FT_CALLBACK" '
        "to proto/x.options"]


def test_a_line_of_options_that_matches_nothing(one):
    project = one(HEAD + "message M { string name = 1; }", "pkg.M.name max_length:8\npkg.M.nmae max_length:8\n")
    assert project.failing("proto/x.proto") == [
        'proto/x.options: "pkg.M.nmae" is the name of no message or field of proto/x.proto: correct or remove that line']


def test_options_that_do_not_parse(one):
    project = one(HEAD + "message M { string name = 1; }", "pkg.M.name max_lenght:8\n")
    lines = project.failing("proto/x.proto")
    assert len(lines) == 1 and lines[0].startswith("proto/x.options:1: ") and "max_lenght" in lines[0]
    project.write("proto/x.options", "pkg.M.name\n")
    lines = project.failing("proto/x.proto")
    assert len(lines) == 1 and lines[0].startswith("proto/x.options:1: ")


def test_a_bound_of_nothing(one):
    project = one(HEAD + "message M { repeated int32 n = 1; }", "pkg.M.n max_count:0\n")
    assert project.failing("proto/x.proto") == ["proto/x.proto: pkg.M.n has a bound below 1: correct it in proto/x.options"]


def test_files_that_are_not_there(project):
    project.write("proto/x.proto", 'syntax = "proto3"; import "no.proto";')
    assert project.failing("proto/y.proto") == ["proto/y.proto: no such file"]
    assert "no.proto" in project.failing("proto/x.proto")[0]
    project.write("elsewhere/z.proto", 'syntax = "proto3";')
    assert project.failing("elsewhere/z.proto") == [
        "elsewhere/z.proto is in none of the folders given with -I: add -I elsewhere"]


def test_protoc_speaks_for_itself(one):
    project = one("syntax = 'proto3'; message M { strin s = 1; }")
    assert any("strin" in line and "x.proto" in line for line in project.failing("proto/x.proto"))


def test_methods_of_one_name(one):
    project = one(HEAD + "message M {} service S { rpc default(M) returns (M); rpc default_(M) returns (M); }")
    assert project.failing("proto/x.proto") == [
        "proto/x.proto: pkg.S: the methods default and default_ are both called default_ in C: rename one"]


def test_names_that_meet_across_services_and_messages(project):
    project.write("proto/a.proto", 'syntax = "proto3"; package a.b; message M {} service S { rpc Get(M) returns (M); }')
    project.write("proto/b.proto", 'syntax = "proto3"; package a; import "a.proto"; service b_S { rpc Get(a.b.M) returns (a.b.M); }'
                                   "message b_M {}")
    lines = project.failing("proto/b.proto", "proto/a.proto")
    assert "proto/a.proto: a.b.M and proto/b.proto: a.b_M are both called a_b_M in C: rename one" in lines
    assert ("proto/a.proto: service a.b.S and proto/b.proto: service a.b_S are both called a_b_S_service in C: rename one"
            in lines)
    assert len(lines) == len(set(lines)) and all(line.endswith("in C: rename one") for line in lines)


def test_files_of_one_name(project):
    project.write("proto/a/b.proto", 'syntax = "proto3"; package p; message M {}')
    project.write("proto/a_b.proto", 'syntax = "proto3"; package q; message M {}')
    assert project.failing("proto/a/b.proto", "proto/a_b.proto") == [
        "the descriptor of proto/a/b.proto and the descriptor of proto/a_b.proto are both called a_b_gram_file in C: rename one"]


def test_members_of_one_name(one):
    project = one(HEAD + """
        message Sub {}
        message M { repeated int32 n = 1; int32 n_count = 2; Sub s = 3; bool has_s = 4; oneof o { int32 a = 5; } int32 which_o = 6; }""", "pkg.M.n max_count:2")
    where = "proto/x.proto: pkg.M: the fields "
    assert project.failing("proto/x.proto") == [
        where + "n and n_count both need a member n_count in C: rename one",
        where + "s and has_s both need a member has_s in C: rename one",
        where + "o and which_o both need a member which_o in C: rename one"]


def test_what_nanopb_does_not_know(one):
    project = one('syntax = "proto2"; message M { optional group G = 1 { optional int32 i = 1; } }')
    assert project.failing("proto/x.proto") == ["proto/x.proto: nanopb knows no groups: write a message instead"]
    project = one('edition = "2023"; message M { int32 i = 1; }')
    assert project.failing("proto/x.proto") == ['proto/x.proto: nanopb knows no editions: write syntax = "proto3" instead']


def test_directives_that_make_no_sense(one):
    project = one(HEAD + """message M {} service S {
        // gram: max_requests=12
        rpc A(M) returns (M);
        // gram: state=many
        rpc B(M) returns (M); }""")
    hint = " is not understood: write // gram: max_request=BYTES or // gram: state=BYTES"
    assert project.failing("proto/x.proto") == ['proto/x.proto: pkg.S.A: "gram: max_requests=12"' + hint,
                                                'proto/x.proto: pkg.S.B: "gram: state=many"' + hint]


def test_structs_beyond_what_a_method_table_can_say(one):
    project = one(HEAD + "message M { bytes b = 1; } service S { rpc Get(M) returns (M); }", "pkg.M.b max_size:65600")
    lines = project.failing("proto/x.proto")
    assert lines[0] == ("proto/x.proto: pkg.S.Get uses pkg.M, a struct of 65602 bytes; 65528 are possible: lower its bounds, or "
                        "make its largest field type:FT_CALLBACK")


def test_messages_that_are_left_out(one):
    project = one(HEAD + "message M { int32 i = 1; } service S { rpc Get(M) returns (M); }", "pkg.M skip_message:true")
    assert set(project.failing("proto/x.proto")) == {
        "proto/x.proto: pkg.S.Get uses pkg.M, which skip_message or discard_deprecated leaves out: remove that option"}


def test_a_python_without_nanopb(one):
    project = one(HEAD + "message M {}")
    done = run([sys.executable, "-S", GENERATOR / "generate.py", "--out", "gen", "proto/x.proto"], cwd=project.folder)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and "pip install nanopb==0.4.9.1 grpcio-tools" in lines[0]
