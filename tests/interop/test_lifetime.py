"""How calls end before their time: deadlines, cancellation, clients that die; and metadata that must not
hurt."""

import time

import pytest

import certs
import clients
from clients import CANCELLED, DEADLINE_EXCEEDED, INTERNAL, RESOURCE_EXHAUSTED
from targets import OURS

STREAM = "/user.UserService/StreamUsers"
GET = "/user.UserService/GetUser"


def works(connection):
    assert connection.unary(GET, {"id": 1})["id"] == 1


def test_deadline_in_mid_stream(users, target, connect):
    connection = connect(users)
    started = time.monotonic()
    call = connection.call(STREAM, {"delay_seconds": 1}, deadline=0.5)
    assert call.next()["id"] == 1
    # grpc-go's server resets the stream with CANCEL at its deadline, and a client reports what comes first
    assert call.end()[0] in [DEADLINE_EXCEEDED] + [CANCELLED] * (target.name == "reference")
    assert 0.3 < time.monotonic() - started < 2
    works(connection)


def test_a_deadline_that_is_not_reached(users, connect):
    assert connect(users).unary(GET, {"id": 1}, deadline=5)["id"] == 1


def test_cancel_in_mid_stream(users, connect):
    connection = connect(users)
    call = connection.call(STREAM, {"delay_seconds": 1})
    assert call.next()["id"] == 1
    call.cancel()
    assert call.end()[0] == CANCELLED
    works(connection)


def test_cancel_often(users, connect):
    """Each gives its stream back: there are more of them than streams on a connection."""
    connection = connect(users)
    for _ in range(20):
        call = connection.call(STREAM, {"delay_seconds": 5})
        assert call.next()["id"] == 1
        call.cancel()
        assert call.end()[0] == CANCELLED
    works(connection)


@pytest.mark.timeout(90)
def test_a_client_is_killed_in_mid_stream(users, connect_with, client_name):
    """That nothing stays taken is what the server's last line says; see test_ending.py."""
    for _ in range(3):
        victim = clients.Client(client_name, users.app)
        connection = victim.connect(users.address, certs.client_options(users.secure))
        assert connection.call(STREAM, {"delay_seconds": 1}).next()["id"] == 1
        victim.kill()
    connection = connect_with("python", users)
    works(connection)
    if users.max_connections > 1:
        works(connect_with("go", users))


def test_metadata_of_all_kinds(users, connect):
    connection = connect(users)
    for metadata in (
        [["x-empty", ""]],
        [["x-twice", "one"], ["x-twice", "two"], ["x-twice", "three"]],
        [["x-trace-bin", "dHdlbHZlIGJ5dGVz"], ["x-empty-bin", ""]],
        [["x-odd", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"]],
        [[f"x-key-{n}", f"value {n}"] for n in range(30)],
    ):
        assert connection.unary(GET, {"id": 1}, metadata=metadata)["id"] == 1
    works(connection)


def test_changing_metadata_turns_the_table_over(users, connect):
    """Far more than the 4096 bytes of a connection's HPACK table."""
    connection = connect(users)
    for n in range(100):
        metadata = [["x-request-id", f"{n:040}"], [f"x-{n}", "y" * (n % 60)]]
        assert connection.unary(GET, {"id": 1}, metadata=metadata)["id"] == 1


def test_three_kilobytes_of_metadata(users, connect):
    connection = connect(users)
    for _ in range(3):
        assert connection.unary(GET, {"id": 1}, metadata=[["x-long", "m" * 3000]])["id"] == 1
    works(connection)


@pytest.mark.targets(*OURS)
def test_thirty_kilobytes_of_metadata(users, connect, client_name, tap):
    """More than the server takes: the call fails, the connection goes on. grpc-go does not even send it."""
    seen = tap(users)
    connection = connect(users, seen.address)
    works(connection)
    metadata = [[f"x-long-{n}", chr(ord("a") + n) * 3000] for n in range(10)]
    error = connection.fails(GET, {"id": 1}, metadata=metadata)
    assert error.code in ((INTERNAL,) if client_name == "go" else (RESOURCE_EXHAUSTED,)), error
    works(connection)
    assert seen.connections == 1
