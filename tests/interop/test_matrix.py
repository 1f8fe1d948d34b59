"""What takes longer than `make test` has time for: the same in quantity."""

import random
import time

import pytest

import clients
import h2raw
from h2raw import message, request_headers
from tap import ACK, PING

pytestmark = [pytest.mark.matrix, pytest.mark.timeout(300)]
GREET = "/greet.Greeter/SayHello"


def test_thousands_of_calls(greeter, connect, tap):
    seen = tap(greeter)
    connection = connect(greeter, seen.address)
    numbers = random.Random(1)
    for _ in range(100):
        names = ["x" * numbers.randrange(60) for _ in range(numbers.randrange(1, 60))]
        calls = [connection.call(GREET, {"name": name}) for name in names]
        assert [call.replies() for call in calls] == [[{"message": "Hello " + name}] for name in names]
    assert seen.connections == 1
    assert not seen.refused()


def test_a_hundred_connections(greeter, connect):
    for n in range(100):
        connection = connect(greeter)
        assert connection.unary(GREET, {"name": str(n)}) == {"message": f"Hello {n}"}
        connection.close()


@pytest.mark.kinds("plaintext")
def test_connections_as_fast_as_can_be(greeter):
    """No client leaves time between its last connection and the next."""
    for _ in range(300):
        with h2raw.Connection(greeter.port) as connection:
            reply = connection.reply(connection.request(request_headers(GREET), message(b"\x0a\x04gram")))
            assert reply.data == message(b"\x0a\x0aHello gram")


@pytest.mark.clients("python")
def test_keepalive_without_a_call(greeter, tap, client_name):
    """As often as clients may: every ten seconds."""
    seen = tap(greeter)
    program = clients.Client(client_name, "greeter")
    options = [
        ["grpc.keepalive_time_ms", 10000],
        ["grpc.keepalive_permit_without_calls", 1],
        ["grpc.http2.max_pings_without_data", 0],
    ]
    connection = program.connect(seen.address, options=options)
    time.sleep(65)
    assert connection.unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}
    assert len([frame for frame in seen.of_client(PING) if not frame.flags & ACK]) >= 5
    assert seen.connections == 1
    assert not seen.refused()
    program.stop()
