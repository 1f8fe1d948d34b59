"""How a server ends while clients are there: calls under way finish, within their grace; new ones go elsewhere."""

import signal

import pytest

from clients import OK, UNAVAILABLE
from tap import ACK, GOAWAY, PING
from targets import ENDED_WELL

STREAM = "/user.UserService/StreamUsers"
GET = "/user.UserService/GetUser"

pytestmark = pytest.mark.targets("sim", "posix")


def ask_to_end(server, words):
    before = len(server.output)
    server.process.send_signal(signal.SIGTERM)
    server.wait_for_line(words, since=before)


def ended_well(server):
    assert server.process.wait(10) == 0, server.text()
    server.reader.join(5)
    assert server.output[-1] == ENDED_WELL, server.text()


def last_streams(seen):
    return [int.from_bytes(frame.payload[:4], "big") for frame in seen.of_server(GOAWAY)]


def test_a_call_under_way_finishes(fresh, connect):
    server = fresh("users", "--grace", "30000")
    connection = connect(server)
    call = connection.call(STREAM, {"delay_seconds": 1})
    assert call.next()["id"] == 1
    ask_to_end(server, "shutting down, 1 call under way")
    assert connection.fails(GET, {"id": 1}, deadline=5).code == UNAVAILABLE
    assert call.next()["id"] == 2
    assert call.end()[0] == OK
    ended_well(server)


def test_the_grace_is_over(fresh, connect, tap):
    server = fresh("users", "--grace", "1000")
    seen = tap(server)
    call = connect(server, seen.address).call(STREAM, {"delay_seconds": 5})
    assert call.next()["id"] == 1
    ask_to_end(server, "shutting down, 1 call under way")
    assert call.end() == (UNAVAILABLE, "server is shutting down")
    ended_well(server)
    streams = last_streams(seen)
    assert len(streams) == 2 and streams[0] == 2**31 - 1 and 0 < streams[1] < 100, streams
    assert [frame.payload for frame in seen.of_server(PING) if not frame.flags & ACK] == [b"gramleft"]
    assert b"gramleft" in [frame.payload for frame in seen.of_client(PING) if frame.flags & ACK]


def test_an_idle_channel_is_no_hindrance(fresh, connect, tap):
    server = fresh("users", "--grace", "30000")
    seen = tap(server)
    connection = connect(server, seen.address)
    assert connection.unary(GET, {"id": 1})["id"] == 1
    ask_to_end(server, "shutting down, 0 calls under way")
    ended_well(server)
    assert last_streams(seen)[0] == 2**31 - 1  # grpc-go and grpc-js leave then, grpcio waits for the second


def test_ctrl_c_twice(fresh, connect_with):
    server = fresh("users", "--grace", "30000")
    call = connect_with("python", server).call(STREAM, {"delay_seconds": 20})
    assert call.next()["id"] == 1
    ask_to_end(server, "Ctrl-C again ends at once")
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(10) == 0, server.text()
    assert call.end()[0] == UNAVAILABLE
