"""Each real client by each version of TLS on each target, in numbers: connections one after the other, on each a few
calls, and what of the handshakes resumed an earlier session. The server has that version alone, so it is the
version whatever the client would prefer. A relay between them reads in clear what came about (tls_hello.py)."""

import pytest

import certs
import targets
import tls_hello
from test_grpcurl import call as grpcurl_call

GREET = "/greet.Greeter/SayHello"
CONNECTIONS, CALLS = 3, 2
CLIENTS = ["grpcurl", "go", "python", "node"]
RESUMING = ["go", "python"]  # the others keep no session for a connection that is made anew

pytestmark = pytest.mark.targets(*targets.OURS)


@pytest.fixture(params=["1.2", "1.3"])
def version(request):
    return request.param


@pytest.fixture
def one_version(target, version):
    """The greeter with that version of TLS alone."""
    server = targets.make_target(target.label, target.ports, version).start("greeter")
    yield server
    if target.says_how_it_ended:
        server.end_well()
    server.stop()


def call_with_grpcurl(seen, server):
    """A new process for each call: one connection, which asks reflection first."""
    for _ in range(CONNECTIONS):
        [reply] = grpcurl_call(server, "greet.Greeter/SayHello", {"name": "gram"}, address=seen.address)
        assert reply == {"message": "Hello gram"}
    return CONNECTIONS


def call_with(client, seen, server, connect_with):
    tls = certs.client_options(server.secure, name="localhost") | {"resume": client in RESUMING}
    for _ in range(CONNECTIONS):
        connection = connect_with(client, server, seen.address, tls)
        for n in range(CALLS):
            assert connection.unary(GREET, {"name": f"number {n}"}) == {"message": f"Hello number {n}"}
        connection.close()
    return CONNECTIONS * CALLS


def handshakes_and_calls(client, version, server, relay, connect_with):
    """What came of it, for the table."""
    seen = relay(server)
    if client == "grpcurl":
        calls = call_with_grpcurl(seen, server)
    else:
        calls = call_with(client, seen, server, connect_with)
    assert seen.connections == CONNECTIONS
    hellos = [tls_hello.read(seen.answer[n]) for n in range(CONNECTIONS)]
    assert {hello.version for hello in hellos} == {version}
    resumed = [hello.resumed for hello in hellos]
    assert resumed == [client in RESUMING and n > 0 for n in range(CONNECTIONS)]
    return f"{len(hellos)} handshakes, {sum(resumed)} resumed, {calls} calls"


def play(client, version, server, relay, connect_with, cell):
    cell(
        f"TLS {version}",
        client,
        lambda: handshakes_and_calls(client, version, server, relay, connect_with),
        table="tls-clients",
    )


@pytest.mark.matrix
@pytest.mark.timeout(120)
@pytest.mark.kinds("tls", "mtls")
@pytest.mark.parametrize("client", CLIENTS)
def test_every_client(client, version, one_version, relay, connect_with, cell):
    play(client, version, one_version, relay, connect_with, cell)


@pytest.mark.kinds("tls")
@pytest.mark.targets("lm3s6965evb")
@pytest.mark.parametrize("client", ["python", "grpcurl"])
def test_a_small_board(client, version, one_version, relay, connect_with, cell):
    """Of the above what `make test` has time for: the board that is given one version."""
    play(client, version, one_version, relay, connect_with, cell)


@pytest.mark.kinds("mtls")
@pytest.mark.targets("mps2-an385")
def test_rsa_on_a_board(fresh, connect):
    """The server's key and the client's."""
    server = fresh("greeter", *certs.server_options("mtls", "server-rsa"))
    tls = certs.client_options("mtls", "client-rsa")
    assert connect(server, tls=tls).unary(GREET, {"name": "gram"}) == {"message": "Hello gram"}
