"""Unary and server streaming calls as an ordinary user makes them, with every client on every target."""

import time

import pytest

import apps
from clients import INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED

GREETERS = ["/greet.Greeter/SayHello", "/proto.Greeter/SayHello"]
USER_SERVICE = "/user.UserService/"


def all_users(connection):
    found, page = [], 0
    while True:
        reply = connection.unary(USER_SERVICE + "ListUsers", {"page": page, "limit": 4})
        assert reply.get("page", 0) == page
        if "users" not in reply:
            assert len(found) == reply["total"]
            return found
        found += reply["users"]
        page += 1


@pytest.mark.parametrize("path", GREETERS, ids=["greet", "proto"])
@pytest.mark.parametrize(
    "name", ["gram", "", "Grüße, 世界 🌍", "x" * 60], ids=["ascii", "empty", "utf8", "long"]
)
def test_greeter(greeter, connect, path, name):
    assert connect(greeter).unary(path, {"name": name}) == {"message": "Hello " + name}


def test_contacts(contacts, connect):
    connection = connect(contacts)
    for contact in apps.CONTACTS:
        assert connection.unary("/user.User/GetUser", {"user_id": contact["user_id"]}) == {
            "user_message": contact
        }
    assert connection.unary("/user.User/ListUsers", {}) == {"user_messages": apps.CONTACTS}


@pytest.mark.parametrize("user_id", ["6", "", "11"])
def test_an_unknown_contact_is_absent(contacts, connect, user_id):
    assert connect(contacts).unary("/user.User/GetUser", {"user_id": user_id}) == {}


def test_stream_of_values(streams, connect):
    replies = connect(streams).stream("/proto.StreamServer/ListValue", {"data": "größe "})
    assert [reply["stream_value"] for reply in replies] == [f"größe {n}" for n in range(5)]


def test_users_are_got_listed_and_streamed_alike(users, connect):
    connection = connect(users)
    listed = all_users(connection)
    assert [user["id"] for user in listed] == list(range(1, len(listed) + 1))
    assert connection.stream(USER_SERVICE + "StreamUsers", {}) == listed
    for user in listed:
        if user.get("status") != "SUSPENDED":
            assert connection.unary(USER_SERVICE + "GetUser", {"id": user["id"]}) == user


@pytest.mark.parametrize(
    "page, limit, first, count", [(0, 1, 1, 1), (1, 1, 2, 1), (0, 2, 1, 2), (100, 4, None, 0)]
)
def test_pages_of_users(users, connect, page, limit, first, count):
    reply = connect(users).unary(USER_SERVICE + "ListUsers", {"page": page, "limit": limit})
    found = reply.get("users", [])
    assert len(found) == count
    assert not found or found[0]["id"] == first
    assert reply["total"] >= 2
    assert reply.get("page", 0) == page


@pytest.mark.parametrize(
    "method, request_, code, words",
    [
        ("CreateUser", {"email": "a@b.c"}, INVALID_ARGUMENT, "name"),
        ("CreateUser", {"name": "Ann"}, INVALID_ARGUMENT, "email"),
        ("GetUser", {}, INVALID_ARGUMENT, "id"),
        ("GetUser", {"id": -5}, INVALID_ARGUMENT, "id"),
        ("GetUser", {"id": 4711}, NOT_FOUND, "4711"),
    ],
    ids=["no name", "no email", "id 0", "id -5", "unknown"],
)
def test_errors_say_which(users, connect, method, request_, code, words):
    error = connect(users).fails(USER_SERVICE + method, request_)
    assert error.code == code
    assert words in error.message


def test_a_suspended_user_is_named_in_utf8(users, connect):
    connection = connect(users)
    suspended = [user for user in all_users(connection) if user.get("status") == "SUSPENDED"]
    assert suspended, "the table starts with a suspended user"
    error = connection.fails(USER_SERVICE + "GetUser", {"id": suspended[0]["id"]})
    assert error.code == PERMISSION_DENIED
    assert suspended[0]["name"] in error.message
    assert not error.message.isascii(), "the name is to show that messages are UTF-8"


def test_a_value_beyond_its_bound(greeter, connect):
    connection = connect(greeter)
    error = connection.fails(GREETERS[0], {"name": "x" * 300})
    assert error.code == INVALID_ARGUMENT
    assert "string overflow" in error.message
    assert connection.unary(GREETERS[0], {"name": "again"}) == {"message": "Hello again"}


def test_a_method_that_no_handler_is_set_for(interop, connect):
    connection = connect(interop)
    assert connection.fails("/grpc.testing.TestService/UnimplementedCall", {}).code == UNIMPLEMENTED
    assert connection.unary("/grpc.testing.TestService/EmptyCall", {}) == {}


@pytest.mark.parametrize(
    "path", ["/user.UserService/CreateUser", "/grpc.health.v1.Health/Check"], ids=["service", "application"]
)
def test_hundred_calls_on_one_connection(users, connect, tap, path):
    seen = tap(users)
    connection = connect(users, seen.address)
    for n in range(100):
        if "Health" in path:
            assert connection.unary(path, {}) == {"status": "SERVING"}
        else:
            assert connection.fails(path, {"name": f"user {n}"}).code == INVALID_ARGUMENT
    assert seen.connections == 1
    assert not seen.refused()


def test_hundred_greetings_on_one_connection(greeter, connect, tap):
    seen = tap(greeter)
    connection = connect(greeter, seen.address)
    for n in range(100):
        assert connection.unary(GREETERS[0], {"name": f"number {n}"}) == {"message": f"Hello number {n}"}
    assert seen.connections == 1
    assert not seen.refused()


def test_many_calls_at_once_on_one_connection(greeter, connect, tap):
    seen = tap(greeter)
    connection = connect(greeter, seen.address)
    calls = [connection.call(GREETERS[n % 2], {"name": f"number {n}"}) for n in range(40)]
    assert [call.replies() for call in calls] == [[{"message": f"Hello number {n}"}] for n in range(40)]
    assert not seen.refused()


def test_connections_at_once(users, connect):
    connections = [connect(users) for _ in range(min(4, users.max_connections))]
    for _ in range(10):
        calls = [c.call(USER_SERVICE + "GetUser", {"id": n % 2 + 1}) for n, c in enumerate(connections)]
        assert [call.replies()[0]["id"] for call in calls] == [n % 2 + 1 for n in range(len(calls))]


def test_a_slow_stream_blocks_nobody(users, connect):
    connection = connect(users)
    started = time.monotonic()
    stream = connection.call(USER_SERVICE + "StreamUsers", {"delay_seconds": 1})
    assert stream.next(timeout=0.9)["id"] == 1, "the first comes at once"
    for _ in range(5):
        assert connection.unary(USER_SERVICE + "GetUser", {"id": 1})["id"] == 1
    others = connect(users) if users.max_connections > 1 else connection
    assert others.unary(USER_SERVICE + "GetUser", {"id": 1})["id"] == 1
    assert time.monotonic() - started < 0.9, "calls beside the stream are answered at once"
    assert stream.next(timeout=3)["id"] == 2
    assert 0.9 < time.monotonic() - started < 2.5, "a second lies between the first two"
    stream.cancel()
    stream.end()


@pytest.mark.clients("go", "python")
def test_eight_calls_of_20_kb_at_once(greeter, target, connect, tap):
    seen = tap(greeter)
    connection = connect(greeter, seen.address)
    calls = [connection.call(GREETERS[0], {"name": "x" * 20_000}) for _ in range(8)]
    for call in calls:
        code, message = call.end(timeout=20)
        assert any(code == c and text in message for c, text in target.too_long), (code, message)
    assert connection.unary(GREETERS[0], {"name": "again"}) == {"message": "Hello again"}
    assert seen.connections == 1
    assert not seen.refused()


@pytest.mark.timeout(120)
def test_the_table_fills(fresh, connect_with):
    server = fresh("users")
    created = []
    for name in ("go", "python", "node"):
        connection = connect_with(name, server)
        known = all_users(connection)
        wish = {"name": f"Zoë {name}", "email": f"{name}@example.com", "age": 7, "hobbies": ["go", "chess"]}
        reply = connection.unary(USER_SERVICE + "CreateUser", wish)
        assert reply["user"] == {**wish, "id": len(known) + 1, "status": "ACTIVE"}
        assert reply["message"]
        assert connection.unary(USER_SERVICE + "GetUser", {"id": len(known) + 1}) == reply["user"]
        assert all_users(connection) == known + [reply["user"]]
        created.append(reply["user"])
        connection.close()
    connection = connect_with("python", server)
    for n in range(len(all_users(connection)), 16):
        connection.unary(USER_SERVICE + "CreateUser", {"name": f"User {n}", "email": "u@example.com"})
    error = connection.fails(USER_SERVICE + "CreateUser", {"name": "One more", "email": "u@example.com"})
    assert error.code == RESOURCE_EXHAUSTED
    assert "16" in error.message or "full" in error.message
    assert len(all_users(connection)) == 16
