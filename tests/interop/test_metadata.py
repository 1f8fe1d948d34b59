"""Metadata both ways, as real clients send it: the application `interop` sends back what comes under two
names, so what it has seen must be exactly what was sent, however a client writes it: Huffman or not, indexed
or not, joined or repeated. (The reference sends back only the first of each.)"""

import base64
import random
import re

import pytest

from clients import OK, RESOURCE_EXHAUSTED
from targets import OURS
from test_grpcurl import grpcurl

UNARY = "/grpc.testing.TestService/UnaryCall"
CHAT = "/grpc.testing.TestService/FullDuplexCall"
TEXT = "x-grpc-test-echo-initial"
BINARY = "x-grpc-test-echo-trailing-bin"


def echo(connection, texts, binaries, path=UNARY, more=()):
    """Sends these values, and demands them back."""
    encoded = [base64.b64encode(value).decode() for value in binaries]
    metadata = [[TEXT, text] for text in texts] + [[BINARY, value] for value in encoded] + [*more]
    call = connection.call(path, {}, metadata=metadata)
    assert call.end() == (OK, "")
    got = call.headers.get(TEXT, [])
    if connection.client.name == "node":  # joins what it has received
        got, texts = ", ".join(got), ", ".join(texts)
    assert got == texts
    assert call.trailers.get(BINARY, []) == encoded


def random_values(numbers, most):
    """Text and bytes of up to `most` each."""
    text = "".join(chr(numbers.randrange(0x21, 0x7F)) for _ in range(numbers.randrange(most)))
    return text, numbers.randbytes(numbers.randrange(1, most))


@pytest.mark.targets(*OURS)
def test_repeated_keys(interop, connect):
    connection = connect(interop)
    for path in (UNARY, CHAT):
        echo(connection, [], [], path)
        echo(connection, ["one", "two"], [b"\x00"], path)
        echo(connection, ["two"], [b"\xff\xfe", b"\x00\x00\x00"], path)
        echo(connection, ["", "a ~!"], [], path)


@pytest.mark.targets("sim", "posix")
def test_every_byte(interop, connect):
    connection = connect(interop)
    everything = bytes(range(256))
    for _ in range(3):
        echo(connection, ["".join(map(chr, range(0x21, 0x7F)))], [everything])
        echo(connection, list("abcdefgh"), [everything[n : n + 3] for n in range(0, 24, 3)])
        echo(connection, [], [everything[:n] for n in range(1, 9)])


@pytest.mark.targets(*OURS)
def test_changing_values(interop, target, connect):
    """Most clients index each of them: the table turns over again and again, and the store with it. None comes
    twice: a value that has found no room in a small store must not be referred to."""
    connection = connect(interop)
    numbers = random.Random(1)
    for n in range(100):
        text, binary = random_values(numbers, 20 if target.name == "lm3s6965evb" else 200)
        echo(connection, [f"{n}:{text}"], [bytes([n]) + binary])


@pytest.mark.targets("sim", "posix", "mps2-an385")
def test_changing_beside_constant_values(interop, connect):
    """With the largest store no value is lost, whatever the client refers to."""
    connection = connect(interop)
    numbers = random.Random(2)
    pool = [random_values(numbers, 60) for _ in range(8)]
    for n in range(150):
        text, binary = numbers.choice(pool)
        echo(connection, ["constant", str(n), text], [binary, b"constant"], more=[["x-nobody", "z" * (n % 90)]])


@pytest.mark.targets(*OURS)
def test_three_kilobytes(interop, connect):
    """What nobody asks for costs nothing; what is asked for, and too long, fails its call alone."""
    connection = connect(interop)
    for n in range(3):
        echo(connection, ["a"], [b"b"], more=[["x-long", "m" * 3000]])
        code, message = connection.call(UNARY, {}, metadata=[[TEXT, "m" * 3000]]).end()
        assert code == RESOURCE_EXHAUSTED
        assert message == "GRAM_METADATA_SIZE"
        echo(connection, ["a"], [b"b"])


@pytest.mark.targets(*OURS)
def test_with_an_error(interop, connect):
    """What is told without a reply has headers too."""
    connection = connect(interop)
    wish = {"response_status": {"code": 2, "message": "no"}}
    metadata = [[TEXT, "head"], [BINARY, "AAEC"]]
    call = connection.call(UNARY, wish, metadata=metadata)
    assert call.end() == (2, "no")
    assert call.trailers[BINARY] == ["AAEC"]
    assert call.headers[TEXT] == ["head"]


@pytest.mark.targets(*OURS)
def test_grpcurl(interop):
    sent = base64.b64encode(b"\x00\xff any").decode()
    text = grpcurl(
        interop, "grpc.testing.TestService/UnaryCall", options=["-v", "-H", f"{TEXT}: a  b", "-H", f"{BINARY}: {sent}"]
    )
    headers, trailers = re.search(r"headers received:\n(.*?)\n\n.*trailers received:\n(.*?)\n\n?", text, re.S).groups()
    assert f"{TEXT}: a  b" in headers.splitlines()
    assert f"{BINARY}: {sent}" in trailers.splitlines()
