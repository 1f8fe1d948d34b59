"""What no gRPC client sends: HTTP/2 and gRPC by hand, over real connections. The finer points of both are the
pair tests' and h2spec's; here is what a person at the other end would notice."""

import socket
import struct
import time

import pytest

import h2raw
import tap
from clients import DEADLINE_EXCEEDED, INTERNAL, INVALID_ARGUMENT, OK, RESOURCE_EXHAUSTED, UNIMPLEMENTED
from h2raw import frame, message, request_headers
from targets import OURS

# It writes HTTP/2 on the socket itself.
pytestmark = pytest.mark.kinds("plaintext")
GREET = "/greet.Greeter/SayHello"
REQUEST = message(b"\x0a\x04gram")  # HelloRequest{name: "gram"}
REPLY = message(b"\x0a\x0aHello gram")


@pytest.fixture
def connection(greeter):
    with h2raw.Connection(greeter.port) as made:
        yield made


def status(reply):
    assert reply.headers[":status"] == "200"
    assert reply.headers["content-type"].startswith("application/grpc")
    return int(reply.trailers["grpc-status"])


def still_works(connection):
    reply = connection.reply(connection.request(request_headers(GREET), REQUEST))
    assert (status(reply), reply.data) == (OK, REPLY)


# ---- the connection ----


def test_settings_come_first_and_are_acknowledged(connection):
    first = connection.take_first()
    assert (first.type, first.flags, first.stream) == (tap.SETTINGS, 0, 0)
    settings = dict(struct.iter_unpack(">HI", first.payload))
    assert settings[3] >= 2, "grpcurl keeps its reflection stream open beside a call"
    assert 0xFE03 not in settings, "C-core would then send raw binary metadata"
    connection.take(lambda f: f.type == tap.SETTINGS and f.flags & tap.ACK)
    still_works(connection)


def test_ping_is_answered(connection):
    for payload in (b"\0" * 8, b"12345678"):
        connection.send(frame(tap.PING, 0, 0, payload))
        answer = connection.take(lambda f: f.type == tap.PING)
        assert (answer.flags, answer.payload) == (tap.ACK, payload)


def test_unknown_frames_and_settings_are_ignored(connection):
    connection.send(frame(0xBE, 0xFF, 0, b"what is this") + frame(0xBE, 0xFF, 1, b""))
    connection.send(frame(tap.SETTINGS, 0, 0, struct.pack(">HI", 0xBEEF, 42)))
    connection.send(frame(tap.PRIORITY, 0, 1, struct.pack(">IB", 0, 15)))
    still_works(connection)


def test_a_client_that_asks_before_it_listens(greeter):
    """tonic, curl and Go's net/http send requests before they have read our SETTINGS."""
    with h2raw.Connection(greeter.port) as connection:
        streams = [connection.request(request_headers(GREET), REQUEST) for _ in range(2)]
        for stream in streams:
            assert status(connection.reply(stream)) == OK


@pytest.mark.parametrize(
    "greeting",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\0\x01" + b"\0" * 64, b"\0" * 64],
    ids=["HTTP/1.1", "TLS", "zeros"],
)
def test_other_protocols_are_sent_away(greeter, greeting):
    with socket.create_connection(("127.0.0.1", greeter.port), 5) as s:
        s.settimeout(15)
        s.sendall(greeting)
        try:
            while s.recv(4096):
                pass
        except ConnectionResetError:
            pass
    with h2raw.Connection(greeter.port) as connection:
        still_works(connection)


def test_idle_connections_give_way(greeter):
    """Clients that open a connection for each call and close none must not shut the others out."""
    held = []
    try:
        for _ in range(greeter.max_connections + 20 if greeter.max_connections > 2 else 5):
            held.append(h2raw.Connection(greeter.port))
            still_works(held[-1])
    finally:
        for connection in held:
            connection.socket.close()


def test_clients_that_leave_without_a_word(greeter):
    """Their connections are reset while answers are on the way."""
    for n in range(100):
        connection = h2raw.Connection(greeter.port)
        for _ in range(n % 3):
            connection.request(request_headers(GREET), REQUEST)
        if n % 2:
            connection.take_first()
        connection.reset()
        time.sleep(0.01)
    with h2raw.Connection(greeter.port) as connection:
        still_works(connection)


# ---- HTTP ----


@pytest.mark.parametrize(
    "changes",
    [
        {"pseudo_method": "GET", "content_type": None, "te": None},
        {"content_type": None},
        {"content_type": "text/plain"},
        {"content_type": "application/grpcfoo"},
        {"content_type": "application/json"},
    ],
    ids=["GET", "no type", "text", "grpcfoo", "json"],
)
def test_what_is_not_grpc_gets_an_http_answer(connection, changes):
    body = b"" if changes.get("pseudo_method") == "GET" else REQUEST
    reply = connection.reply(connection.request(request_headers("/", **changes), body))
    assert reply.headers[":status"] in (("405", "415") if not body else ("415",))
    still_works(connection)


@pytest.mark.targets(*OURS)
def test_an_http_answer_has_a_body(connection):
    """A person with curl reads it; h2spec needs five bytes."""
    reply = connection.reply(
        connection.request(request_headers("/", pseudo_method="GET", content_type=None, te=None))
    )
    assert len(reply.data) >= 5


@pytest.mark.parametrize(
    "content_type", ["application/grpc+proto", "application/grpc; charset=utf-8", "application/grpc;x=y"]
)
def test_spellings_of_the_content_type(connection, content_type):
    reply = connection.reply(connection.request(request_headers(GREET, content_type=content_type), REQUEST))
    assert (status(reply), reply.data) == (OK, REPLY)


# ---- gRPC ----


@pytest.mark.parametrize(
    "path",
    [
        "/greet.Greeter/NoSuch",
        "/no.Such/SayHello",
        "/greet.Greeter/sayHello",
        "/greet.Greeter/",
        "/greet.Greeter/SayHello/",
        "//greet.Greeter/SayHello",
        "/",
    ],
)
def test_unknown_methods(connection, path):
    reply = connection.reply(connection.request(request_headers(path), REQUEST))
    assert status(reply) == UNIMPLEMENTED
    still_works(connection)


@pytest.mark.targets(*OURS)
def test_a_path_without_its_slash_reaches_no_handler(connection):
    reply = connection.reply(connection.request(request_headers(GREET[1:]), REQUEST))
    assert reply.data == b""
    assert reply.reset or reply.headers[":status"] != "200" or status(reply) != OK
    still_works(connection)


@pytest.mark.parametrize(
    "body, expected",
    [
        (message(b"\x0a\xff"), INTERNAL),
        (message(b"\x0a\x04gr", 1), INTERNAL),
        (REQUEST[:7], INTERNAL),
        (REQUEST[:3], INTERNAL),
        (struct.pack(">BI", 0, 100_000_000) + b"x" * 20, RESOURCE_EXHAUSTED),
        (struct.pack(">BI", 0, 0xFFFFFFFF) + b"x" * 20, RESOURCE_EXHAUSTED),
    ],
    ids=["bad protobuf", "compressed", "cut message", "cut prefix", "100 MB", "4 GB"],
)
def test_bad_messages(connection, body, expected):
    reply = connection.reply(connection.request(request_headers(GREET), body))
    assert status(reply) == expected
    assert reply.data == b""
    still_works(connection)


@pytest.mark.targets(*OURS)
@pytest.mark.parametrize(
    "body, expected", [(b"", UNIMPLEMENTED), (REQUEST + REQUEST, UNIMPLEMENTED)], ids=["none", "two"]
)
def test_a_unary_call_has_one_request(connection, body, expected):
    reply = connection.reply(connection.request(request_headers(GREET), body))
    assert status(reply) == expected
    assert reply.data == b""
    still_works(connection)


def test_an_empty_message_is_a_message(connection):
    reply = connection.reply(connection.request(request_headers(GREET), message(b"")))
    assert (status(reply), reply.data) == (OK, message(b"\x0a\x06Hello "))


def test_unknown_fields_are_passed_over(connection):
    more = b"\x18\x96\x01" + b"\x22\x03abc" + b"\x2d\0\0\0\0" + b"\x31" + b"\0" * 8
    reply = connection.reply(connection.request(request_headers(GREET), message(more + REQUEST[5:] + more)))
    assert (status(reply), reply.data) == (OK, REPLY)


@pytest.mark.targets(*OURS)
def test_a_value_beyond_its_bound(connection):
    reply = connection.reply(connection.request(request_headers(GREET), message(b"\x0a\x50" + b"x" * 80)))
    assert status(reply) == INVALID_ARGUMENT
    assert "string overflow" in reply.trailers["grpc-message"]
    still_works(connection)


def test_unknown_encoding(connection):
    reply = connection.reply(connection.request(request_headers(GREET, grpc_encoding="br"), REQUEST))
    assert status(reply) == UNIMPLEMENTED
    assert reply.headers.get("grpc-accept-encoding", "identity")
    still_works(connection)


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_a_request_in_pieces(connection, cut):
    stream = connection.request(request_headers(GREET), end=False)
    for at in range(0, len(REQUEST), cut):
        connection.send(frame(tap.DATA, 0, stream, REQUEST[at : at + cut]))
    connection.send(frame(tap.DATA, tap.END_STREAM, stream))
    reply = connection.reply(stream)
    assert (status(reply), reply.data) == (OK, REPLY)


def test_a_reply_through_a_small_window(greeter):
    """Not one byte beyond the window leaves, and the status comes behind the last."""
    with h2raw.Connection(greeter.port, struct.pack(">HI", 4, 0)) as connection:
        stream = connection.request(request_headers(GREET), REQUEST)
        got, granted = b"", 0
        for grant in [1, 4, 2, 3, *[1] * len(REPLY)]:
            if len(got) == len(REPLY):
                break
            connection.send(frame(tap.WINDOW_UPDATE, 0, stream, struct.pack(">I", grant)))
            granted += grant
            while len(got) < min(granted, len(REPLY)):
                got += connection.take(lambda f: f.stream == stream and f.type == tap.DATA).payload
                assert len(got) <= granted
        assert got == REPLY
        headers = connection.take(lambda f: f.stream == stream and f.type == tap.HEADERS)
        assert headers.headers[":status"] == "200"
        trailers = connection.take(lambda f: f.stream == stream and f.type == tap.HEADERS)
        assert trailers.headers["grpc-status"] == "0"
        assert trailers.flags & tap.END_STREAM


@pytest.mark.targets(*OURS)
def test_the_server_keeps_the_deadline_itself(users):
    """A client that has lost its clock: trailers come from the server (grpc-go at times resets the stream)."""
    with h2raw.Connection(users.port) as connection:
        started = time.monotonic()
        headers = request_headers("/user.UserService/StreamUsers", grpc_timeout="300m")
        reply = connection.reply(connection.request(headers, message(b"\x08\x05")))
        assert status(reply) == DEADLINE_EXCEEDED
        assert 0.2 < time.monotonic() - started < 2
        assert reply.data, "the first user came before"


@pytest.mark.parametrize("timeout", ["5S", "1H", "99999999n", "4000000u", "3000m", "2M"])
def test_units_of_the_deadline(connection, timeout):
    reply = connection.reply(connection.request(request_headers(GREET, grpc_timeout=timeout), REQUEST))
    assert status(reply) == OK


@pytest.mark.parametrize("timeout", ["", "5", "S", "123456789S", "-1S", "1s", "1.5S"])
def test_malformed_deadlines(connection, timeout):
    reply = connection.reply(connection.request(request_headers(GREET, grpc_timeout=timeout), REQUEST))
    assert reply.headers[":status"] == "400" or status(reply) == INTERNAL
    assert reply.data == b"" or reply.headers[":status"] == "400"
    still_works(connection)


@pytest.mark.targets(*OURS)
def test_a_pause_behind_a_large_reply(interop):
    """It begins when the last piece has left, in the middle of the transport's round. The client is silent, so nothing but that pause's end
    wakes the server."""
    large = b"\x12\x07\x08\xa0\x8d\x06\x10\x90\x4e"  # 100,000 bytes after 10 ms: in a poll
    small = b"\x12\x06\x08\x0a\x10\xc0\x9a\x0c"  # 10 bytes, 200 ms later
    with h2raw.Connection(interop.port, struct.pack(">HI", 4, 1 << 24)) as connection:
        connection.send(frame(tap.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24)))
        connection.take(lambda f: f.type == tap.SETTINGS and f.flags & tap.ACK)
        headers = request_headers("/grpc.testing.TestService/StreamingOutputCall")
        started = time.monotonic()
        reply = connection.reply(connection.request(headers, message(large + small)), 10)
        assert status(reply) == OK
        assert 100_010 < len(reply.data) < 100_050
        assert time.monotonic() - started < 5, "it came with the next wake for another reason"
