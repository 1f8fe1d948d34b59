"""Clients that do not speak TLS, do not finish, send rubbish or too much: each meets an alert or the end of its
connection, others do not notice, and nothing stays taken. The pair tests cut a handshake at every byte; here it
is real connections, in numbers."""

import base64
import random
import socket
import ssl
import struct
import threading
import time

import pytest

import certs
import clients
import h2raw
from h2raw import message, request_headers
from s_client import UNEXPECTED_MESSAGE

GREET = "/greet.Greeter/SayHello"
REQUEST, REPLY = message(b"\x0a\x04gram"), message(b"\x0a\x0aHello gram")
PATIENCE = 20  # seconds until an answer counts as missing
ALERT, HANDSHAKE = 21, 22

pytestmark = [pytest.mark.kinds("tls"), pytest.mark.targets("sim", "posix")]


def context(server, version=ssl.TLSVersion.TLSv1_3):
    return certs.python_context(server.secure, version)


def open_socket(server):
    s = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def abandon(s, reset):
    if reset:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_to_end(s):
    """Everything until the server closes, which it must."""
    s.settimeout(PATIENCE)
    found = b""
    try:
        while data := s.recv(65536):
            found += data
    except ConnectionError:
        pass  # a RST is an end, too
    return found


def works(server, version=ssl.TLSVersion.TLSv1_3):
    with h2raw.Connection(server.port, tls=context(server, version)) as connection:
        assert connection.reply(connection.request(request_headers(GREET), REQUEST)).data == REPLY


def works_again(server):
    """After many clients at once: while handshakes wait for their turn, and all places are taken, one more is refused."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            return works(server)
        except OSError:
            time.sleep(0.1)
    works(server)


class Peer:
    """A TLS client without a socket: what it wants to send is taken, what it is to receive is given."""

    def __init__(self, server, version=ssl.TLSVersion.TLSv1_3):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(server, version).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.done = False

    def flight(self, received=b""):
        self.incoming.write(received)
        try:
            self.tls.do_handshake()
            self.done = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def second_flight(server, s, version):
    """Shakes hands as far as the client's second flight, which is returned unsent."""
    peer = Peer(server, version)
    s.sendall(peer.flight())
    while True:
        flight = peer.flight(s.recv(65536))
        if flight:
            return flight


# ---- what is no TLS ----


@pytest.mark.parametrize(
    "greeting",
    [
        h2raw.tap.PREFACE + h2raw.frame(h2raw.tap.SETTINGS, 0, 0),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        bytes(64),
        b"\xff" * 64,
        b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(40),  # SSL 2
        b"\x17\x03\x03\x00\x10" + bytes(16),  # a record of application data before there are keys
        b"\x15\x03\x03\x00\x02\x02\x28",  # an alert
        b"\x16\x03\x01\xff\xff" + bytes(64),  # longer than a record may be
        b"\x16\x03\x01\x00\x00" * 40,  # empty records
    ],
    ids=["HTTP/2", "HTTP/1.1", "SSH", "zeros", "ones", "SSL 2", "data", "alert", "too long", "empty"],
)
def test_what_is_no_handshake(greeter, greeting):
    """Its sender waits for an answer, with its side open: it gets an alert, or the end."""
    with open_socket(greeter) as s:
        s.sendall(greeting)
        answer = read_to_end(s)
    assert answer == b"" or answer[0] == ALERT, answer
    works(greeter)


def test_plaintext_is_told_so(greeter):
    before = len(greeter.output)
    with open_socket(greeter) as s:
        s.sendall(h2raw.tap.PREFACE)
        assert read_to_end(s) == bytes([ALERT, 3, 3, 0, 2, 2, UNEXPECTED_MESSAGE])
    greeter.wait_for_line("does not speak TLS", since=before)


def test_plaintext_clients(greeter, client_programs, client_name):
    program = clients.Client(client_name, greeter.app)  # not a shared one: it would try again and again
    program.cannot_connect(greeter.address)
    program.stop()
    works(greeter)


# ---- handshakes that are cut off, and rubbish ----


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["first", "second"])
@pytest.mark.kinds("tls", "mtls")
def test_cut_off_handshakes(fresh, kind):
    """In the client's first flight, or in its second; the connection then ends with a FIN or a RST."""
    server, seed = fresh("greeter"), random.randrange(2**32)
    print("seed", seed)
    numbers = random.Random(seed)
    for n in range(200 if kind == "first" else 60):
        version = numbers.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
        s = open_socket(server)
        flight = Peer(server, version).flight() if kind == "first" else second_flight(server, s, version)
        s.sendall(flight[: numbers.randrange(len(flight))])
        abandon(s, numbers.random() < 0.5)
    works_again(server)
    server.end_well()


@pytest.mark.timeout(120)
def test_rubbish_in_a_hello(fresh):
    """Some bytes are others. What comes of it is up to the bytes, but the connection ends, and not the server."""
    server, seed = fresh("greeter"), random.randrange(2**32)
    print("seed", seed)
    numbers = random.Random(seed)
    for n in range(200):
        hello = bytearray(Peer(server, numbers.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])).flight())
        for _ in range(numbers.randrange(1, 6)):
            hello[numbers.randrange(len(hello))] = numbers.randrange(256)
        with open_socket(server) as s:
            s.sendall(hello)
            s.shutdown(socket.SHUT_WR)
            answer = read_to_end(s)
            assert answer == b"" or answer[0] in (ALERT, HANDSHAKE), answer
    works_again(server)
    server.end_well()


def test_rubbish_behind_a_handshake(greeter):
    """A record that is not what its sender sealed: an alert, and the end (RFC 8446 5.2)."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        peer = Peer(greeter, version)
        with open_socket(greeter) as s:
            s.sendall(peer.flight())
            while not peer.done:
                s.sendall(peer.flight(s.recv(65536)))
            s.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
            assert read_to_end(s)
    works(greeter)


@pytest.mark.kinds("tls", "mtls")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_handshake_byte_by_byte(greeter, version):
    peer = Peer(greeter, version)
    with open_socket(greeter) as s:
        out = peer.flight()
        while not peer.done or out:
            for n in range(len(out)):
                s.sendall(out[n : n + 1])
            out = peer.flight(s.recv(65536)) if not peer.done else b""


# ---- handshakes that do not go on ----


@pytest.mark.timeout(90)
def test_half_open_handshakes_time_out(fresh):
    """Nothing, a piece of a ClientHello, all of it but nothing behind it: the server ends each by itself."""
    server = fresh("greeter")
    sockets = [open_socket(server) for _ in range(3)]
    hello = Peer(server).flight()
    for s, n in zip(sockets, (0, 100, len(hello))):
        s.sendall(hello[:n])
    for s in sockets:
        read_to_end(s)
        s.close()
    works(server)
    server.end_well()


def second_answer(peer, s, rest):
    """Sends the rest of its second flight, and the preface: what the server says then."""
    peer.tls.write(h2raw.tap.PREFACE + h2raw.frame(h2raw.tap.SETTINGS, 0, 0))
    s.sendall(rest + peer.outgoing.read())
    while True:
        try:
            return peer.tls.read(65536)
        except ssl.SSLWantReadError:
            received = s.recv(65536)
            assert received, "the server has given it up"
            peer.incoming.write(received)


def test_leaving_before_its_turn(fresh):
    """While a client is in its handshake, 40 others, more than the simulator has places, offer theirs and leave: each
    meets its end at once, and not in its turn, for which the first would have to be through or given up."""
    server = fresh("greeter")
    peer, hello = Peer(server), Peer(server).flight()
    with open_socket(server) as s:
        s.sendall(peer.flight())
        while not (flight := peer.flight(s.recv(65536))):
            pass
        assert peer.done and len(flight) > 40
        for n in range(40):
            s.sendall(flight[n : n + 1])  # silent it is not
            with open_socket(server) as other:
                other.sendall(hello)
                other.shutdown(socket.SHUT_WR)
                assert read_to_end(other) == b""
        assert second_answer(peer, s, flight[40:])
        works(server)
    server.end_well()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kind", ["silent", "first record", "whole hello"])
def test_a_flood_of_handshakes(fresh, kind):
    """50 clients that never finish, 20 a second, beside one whose calls go on, on one and the same connection."""
    server = fresh("greeter")
    hello = Peer(server).flight()
    length = {"silent": 0, "first record": 5, "whole hello": len(hello)}[kind]
    flood, over = [], threading.Event()

    def pour():
        for _ in range(50):
            try:
                flood.append(open_socket(server))
                flood[-1].sendall(hello[:length])
            except OSError:
                pass  # refused: as it may be
            time.sleep(0.05)
        over.set()

    with h2raw.Connection(server.port, tls=context(server)) as connection:
        thread = threading.Thread(target=pour)
        thread.start()
        calls = 0
        while not over.is_set() or calls < 20:
            reply = connection.reply(connection.request(request_headers(GREET), REQUEST))
            assert reply.data == REPLY
            calls += 1
            time.sleep(0.02)
        thread.join()
    for s in flood:
        s.close()
    works_again(server)  # a new client's turn comes, too
    server.end_well()


# ---- records ----


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_the_largest_record(greeter, version):
    """16 KB, as any client may send (hosts have room for them): a frame of a kind that is not known."""
    with h2raw.Connection(greeter.port, tls=context(greeter, version)) as connection:
        for _ in range(3):
            connection.send(h2raw.frame(0xBE, 0, 0, bytes(16384 - 9)))
        reply = connection.reply(connection.request(request_headers(GREET), REQUEST))
        assert reply.data == REPLY


def test_records_of_one_byte(greeter):
    with h2raw.Connection(greeter.port, tls=context(greeter)) as connection:
        for _ in range(3):
            stream, send = connection.next_stream, connection.send
            pieces = []
            connection.send = pieces.append
            connection.request(request_headers(GREET), REQUEST)
            connection.send = send
            for byte in b"".join(pieces):
                connection.send(bytes([byte]))
            assert connection.reply(stream).data == REPLY


UNARY = "/grpc.testing.TestService/UnaryCall"


def ask(connection, request, reply):
    """8 calls at once with bodies of so many bytes; what each came to: the length of its reply's body, or its status."""
    body = base64.b64encode(bytes(request)).decode()
    calls = [connection.call(UNARY, {"response_size": reply, "payload": {"body": body}}) for _ in range(8)]
    found = []
    for call in calls:
        try:
            (message,) = call.replies()
            found.append(len(base64.b64decode(message["payload"]["body"])))
        except clients.RpcError as error:
            found.append(error)
    return found


@pytest.mark.kinds("tls", "mtls")
@pytest.mark.targets("sim", "posix", "mps2-an385")
@pytest.mark.clients("go", "python")
def test_large_calls_at_once(interop, connect, relay):
    """8 calls of 20 KB each way: clients put the frames of all streams into one record."""
    seen = relay(interop)
    connection = connect(interop, seen.address)
    for _ in range(5):
        assert ask(connection, 20_000, 20_000) == [20_000] * 8
    assert seen.connections == 1


@pytest.mark.kinds("tls", "mtls")
@pytest.mark.targets("lm3s6965evb")
@pytest.mark.clients("go", "python")
def test_calls_too_large_at_once(interop, connect, relay):
    """Requests that the board's memory does not hold end their calls, while replies of that size go out piece by piece."""
    seen = relay(interop)
    connection = connect(interop, seen.address)
    for _ in range(3):
        errors = ask(connection, 20_000, 20_000)
        assert [error.code for error in errors] == [clients.RESOURCE_EXHAUSTED] * 8, errors
        assert ask(connection, 100, 20_000) == [20_000] * 8
    assert seen.connections == 1
