"""grpcurl as a person uses it: through reflection, and with the .proto file."""

import json
import re
import subprocess

import pytest

import certs
from apps import BUILD, COMMON_SERVICES, CONTACTS, PROTO, SERVICES, check_services


def tls_options(server):
    tls = certs.client_options(server.secure)
    if not tls:
        return ["-plaintext"]
    flags = {"ca": "-cacert", "cert": "-cert", "key": "-key"}
    return [word for what, flag in flags.items() if what in tls for word in (flag, tls[what])]


def grpcurl(server, *args, fails=False, options=(), address=None):
    """Standard output, or standard error where the command must fail."""
    done = subprocess.run(
        [BUILD / "tools" / "grpcurl", *tls_options(server), "-max-time", "20", *options, address or server.address, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def call(server, method, request=None, options=(), fails=False, address=None):
    """Every reply, decoded; standard error if the call must fail."""
    data = [] if request is None else ["-d", json.dumps(request)]
    text = grpcurl(server, method, options=[*data, *options], fails=fails, address=address)
    if fails:
        return text
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        reply, end = decoder.raw_decode(text)
        found.append(reply)
        text = text[end:].lstrip()
    return found


def test_list(target, app):
    check_services(app, grpcurl(target.server(app), "list").split())


def test_list_of_methods(users):
    assert grpcurl(users, "list", "user.UserService").split() == [
        f"user.UserService.{method}"
        for method in (
            "ChatWithUsers",
            "CreateBatchUsers",
            "CreateUser",
            "GetUser",
            "ListUsers",
            "StreamUsers",
        )
    ]


def test_describe_service(users):
    assert grpcurl(users, "describe", "user.UserService") == """\
user.UserService is a service:
service UserService {
  rpc ChatWithUsers ( stream .user.CreateUserRequest ) returns ( stream .user.User );
  rpc CreateBatchUsers ( stream .user.CreateUserRequest ) returns ( .user.CreateUserResponse );
  rpc CreateUser ( .user.CreateUserRequest ) returns ( .user.CreateUserResponse );
  rpc GetUser ( .user.GetUserRequest ) returns ( .user.User );
  rpc ListUsers ( .user.ListUsersRequest ) returns ( .user.ListUsersResponse );
  rpc StreamUsers ( .user.StreamUsersRequest ) returns ( stream .user.User );
}
"""


def test_describe_message(users):
    assert grpcurl(users, "describe", "user.User") == """\
user.User is a message:
message User {
  int32 id = 1;
  string name = 2;
  string email = 3;
  int32 age = 4;
  repeated string hobbies = 5;
  .user.UserStatus status = 6;
}
"""


def test_describe_method(users):
    assert grpcurl(users, "describe", "user.UserService.GetUser") == """\
user.UserService.GetUser is a method:
rpc GetUser ( .user.GetUserRequest ) returns ( .user.User );
"""


def test_describe_enum(users):
    text = grpcurl(users, "describe", "user.UserStatus")
    assert text.startswith("user.UserStatus is an enum:\n")
    for line in ("INACTIVE = 0;", "ACTIVE = 1;", "SUSPENDED = 2;"):
        assert line in text


def test_describe_everything(target, app):
    text = grpcurl(target.server(app), "describe")
    for service in SERVICES[app] + COMMON_SERVICES:
        assert f"{service} is a service:" in text


def test_describe_health(greeter):
    text = grpcurl(greeter, "describe", "grpc.health.v1.Health")
    for method in ("Check", "List", "Watch"):
        assert f"rpc {method} (" in text


def test_describe_what_is_not_there(users):
    assert "not found" in grpcurl(users, "describe", "user.NoSuch", fails=True).lower()


@pytest.mark.parametrize(
    "options", [[], ["-proto", "users.proto", "-import-path", str(PROTO)]], ids=["reflection", "proto"]
)
class TestUsers:
    def test_unary(self, users, options):
        (user,) = call(users, "user.UserService/GetUser", {"id": 1}, options)
        assert user["id"] == 1 and user["name"] and user["email"]

    def test_method_with_a_dot(self, users, options):
        assert call(users, "user.UserService.GetUser", {"id": 1}, options)[0]["id"] == 1

    def test_streaming(self, users, options):
        found = call(users, "user.UserService/StreamUsers", {}, options)
        assert [user["id"] for user in found] == list(range(1, len(found) + 1))
        assert len(found) >= 2

    def test_error(self, users, options):
        text = call(users, "user.UserService/GetUser", {"id": 4711}, options, fails=True)
        assert "Code: NotFound" in text
        assert "4711" in text

    def test_deadline(self, users, options):
        text = call(
            users,
            "user.UserService/StreamUsers",
            {"delay_seconds": 5},
            [*options, "-max-time", "1"],
            fails=True,
        )
        assert "DeadlineExceeded" in text

    def test_metadata(self, users, options):
        options = [*options, "-H", "x-one: 1", "-H", "x-two-bin: AAEC", "-user-agent", "someone"]
        assert call(users, "user.UserService/GetUser", {"id": 1}, options)[0]["id"] == 1


def test_greeter(greeter):
    for service in SERVICES["greeter"]:
        assert call(greeter, f"{service}/SayHello", {"name": "Grüße"}) == [{"message": "Hello Grüße"}]


def with_names_of_the_proto(message):
    """grpcurl prints `userId` or `user_id`: whether descriptors carry JSON names makes the difference."""
    if isinstance(message, dict):
        return {
            re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name): with_names_of_the_proto(value)
            for name, value in message.items()
        }
    return [with_names_of_the_proto(one) for one in message] if isinstance(message, list) else message


def test_contacts(contacts):
    def ask(method, request=None):
        return with_names_of_the_proto(call(contacts, f"user.User/{method}", request))

    assert ask("ListUsers") == [{"user_messages": CONTACTS}]
    assert ask("GetUser", {"userId": "3"}) == [{"user_message": CONTACTS[2]}]
    assert ask("GetUser", {"user_id": "4"}) == [{"user_message": CONTACTS[3]}]
    assert ask("GetUser", {"userId": "99"}) == [{}]


def test_streams(streams):
    found = with_names_of_the_proto(call(streams, "proto.StreamServer/ListValue", {"data": "x"}))
    assert found == [{"stream_value": f"x{n}"} for n in range(5)]


def test_health(greeter):
    assert call(greeter, "grpc.health.v1.Health/Check") == [{"status": "SERVING"}]
    assert call(greeter, "grpc.health.v1.Health/Check", {"service": "proto.Greeter"}) == [
        {"status": "SERVING"}
    ]
    assert "Code: NotFound" in call(
        greeter, "grpc.health.v1.Health/Check", {"service": "no.Such"}, fails=True
    )


@pytest.mark.parametrize(
    "service, method", [("user.UserService", "NoSuch"), ("no.Such", "GetUser")], ids=["method", "service"]
)
def test_unimplemented(users, tmp_path, service, method):
    """A .proto that promises more than the server has."""
    package, name = service.split(".")
    (tmp_path / "more.proto").write_text(f"""
        syntax = "proto3"; package {package};
        message Nothing {{}}
        service {name} {{ rpc {method}(Nothing) returns (Nothing); }}""")
    options = ["-proto", "more.proto", "-import-path", str(tmp_path)]
    assert "Code: Unimplemented" in call(users, f"{service}/{method}", {}, options, fails=True)


@pytest.mark.targets("sim", "reference")
@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_by_name_and_by_ipv6(users, host):
    done = subprocess.run(
        [BUILD / "tools" / "grpcurl", *tls_options(users), "-max-time", "20", f"{host}:{users.port}", "list"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "user.UserService" in done.stdout.split(), done.stderr
