"""The project's own .proto files: they generate, compile for host and target, and have the sizes they were planned for."""
import re

import pytest
from conftest import ARM, CPP, GENERATOR, HOST, ROOT, run

SERVICES = ["grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto"]
APPS = {"greeter": ["greet.proto", "greeter.proto"], "contacts": ["contacts.proto"], "users": ["users.proto"],
        "streams": ["streams.proto"], "example": ["example.proto"], "alarm": ["alarm.proto"],
        "interop": ["grpc/testing/test.proto", "grpc/testing/messages.proto", "grpc/testing/empty.proto"]}
LIMITS = {"contacts": {"GRAM_REPLY_SIZE": 584}}


@pytest.mark.parametrize("app", APPS)
def test_an_application_with_all_services_compiles(project, app):
    protos = [ROOT / "proto" / p for p in APPS[app] + SERVICES]
    sources = project.generated(*protos, include=[ROOT / "proto"])
    assert len(sources) == 2 * len(protos)
    project.config(**LIMITS.get(app, {}))
    for compiler in (HOST, ARM):
        assert project.compile(sources, compiler) == ""
    assert project.compile(sources, HOST, ["-DGRAM_DESCRIPTORS=0"]) == ""
    headers = [s.replace(".c", ".h") for s in sources]
    assert project.compile(headers, CPP) == ""


def test_every_proto_of_the_project_belongs_to_an_application():
    known = set(sum(APPS.values(), SERVICES))
    assert {str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto").rglob("*.proto")} >= known


# What the boards' memory is planned with: struct sizes (64-bit) and largest encodings.
PLANNED = {
    "users.proto": {"user_User": (200, 216), "user_CreateUserRequest": (192, None), "user_CreateUserResponse": (240, 253)},
    "greet.proto": {"greet_HelloRequest": (65, None), "greet_HelloReply": (73, 74)},
    "streams.proto": {"proto_SimpleRequest": (65, None), "proto_StreamResponse": (66, 67)},
    "grpc/reflection/v1/reflection.proto": {"grpc_reflection_v1_ServerReflectionRequest": (200, None),
                                            "grpc_reflection_v1_ServerReflectionResponse": (72, None)},
}


@pytest.mark.parametrize("proto", PLANNED)
def test_planned_sizes(project, proto):
    project.generated(ROOT / "proto" / proto, include=[ROOT / "proto"])
    lines = ['#include "%s"' % proto.replace(".proto", ".pb.h")]
    for name, (struct, encoded) in PLANNED[proto].items():
        lines.append('_Static_assert(sizeof(%s) == %d, "%s");' % (name, struct, name))
        if encoded is not None:
            lines.append('_Static_assert(%s_size == %d, "%s");' % (name, encoded, name))
    assert project.compile([project.write("sizes.c", "\n".join(lines) + "\n")]) == ""


def test_issue_names_and_numbers(project):
    """Methods and kinds as clients call them."""
    project.generated(*[ROOT / "proto" / p for p in APPS["users"] + SERVICES], include=[ROOT / "proto"])
    text = "".join(p.read_text() for p in sorted((project.folder / "gen").rglob("*.gram.c")))
    found = re.findall(r'\.path = "([^"]+)".*?\.kind = (\w+)', text, re.DOTALL)
    assert sorted(found) == [
        ("/grpc.health.v1.Health/Check", "GRAM_UNARY"),
        ("/grpc.health.v1.Health/List", "GRAM_UNARY"),
        ("/grpc.health.v1.Health/Watch", "GRAM_SERVER_STREAM"),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "GRAM_BIDI"),
        ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "GRAM_BIDI"),
        ("/user.UserService/ChatWithUsers", "GRAM_BIDI"),
        ("/user.UserService/CreateBatchUsers", "GRAM_CLIENT_STREAM"),
        ("/user.UserService/CreateUser", "GRAM_UNARY"),
        ("/user.UserService/GetUser", "GRAM_UNARY"),
        ("/user.UserService/ListUsers", "GRAM_UNARY"),
        ("/user.UserService/StreamUsers", "GRAM_SERVER_STREAM"),
    ]


def test_the_plugin_writes_the_same(project):
    import os
    import sys
    project.generated(ROOT / "proto/users.proto", include=[ROOT / "proto"])
    (project.folder / "plugin").mkdir()
    path = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
    done = run([sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}",
                f"--plugin=protoc-gen-gram={GENERATOR / 'protoc-gen-gram'}", "--gram_out=plugin",
                f"--gram_opt=I={ROOT / 'proto'}", ROOT / "proto/users.proto"], cwd=project.folder, env={**os.environ, "PATH": path})
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("users.pb.h", "users.pb.c", "users.gram.h", "users.gram.c"):
        assert (project.folder / "plugin" / name).read_text() == (project.folder / "gen" / name).read_text()


def test_the_plugin_reports_errors(project):
    import os
    import sys
    project.write("proto/x.proto", 'syntax = "proto3"; message M { string s = 1; }')
    path = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
    done = run([sys.executable, "-m", "grpc_tools.protoc", "-Iproto",
                f"--plugin=protoc-gen-gram={GENERATOR / 'protoc-gen-gram'}", "--gram_out=.", "--gram_opt=I=proto",
                "proto/x.proto"], cwd=project.folder, env={**os.environ, "PATH": path})
    assert done.returncode == 1
    assert 'M.s (string) has no bound: add "M.s max_length:32" to proto/x.options' in done.stderr
