"""An image starts, says so, serves, and sleeps when there is nothing to do."""
import socket
import time

import pytest

from board_image import BOARDS, Debugger, Image

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
HEADERS, DATA, END_STREAM, END_HEADERS = 1, 0, 1, 4
STACK_RESERVE = 512  # bytes of stack that must never have been used


@pytest.fixture(params=BOARDS)
def board(request):
    return request.param


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        assert part, f"closed after {len(data)} of {count} bytes"
        data += part
    return data


def read_until(connection, wanted):
    seen = b""
    while wanted not in seen:
        part = connection.recv(4096)
        assert part, f"closed after {seen!r}"
        seen += part


def frame(kind, flags, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


def hello(name, scheme=b"\x86"):
    """A gRPC call by hand, so that nothing but Python is needed; clients in earnest are in tests/interop."""
    path = b"/greet.Greeter/SayHello"
    block = (b"\x83" + scheme + b"\x04" + bytes([len(path)]) + path + b"\x01\x04gram"  # POST :scheme :path :authority
             + b"\x0f\x10\x10application/grpc" + b"\x00\x02te\x08trailers")
    message = b"\x0a" + bytes([len(name)]) + name
    data = b"\0" + len(message).to_bytes(4, "big") + message
    return frame(HEADERS, END_HEADERS, block) + frame(DATA, END_STREAM, data)


def say_hello(image, name):
    with socket.create_connection(("127.0.0.1", image.port), timeout=5) as client:
        client.sendall(PREFACE + hello(name))
        read_until(client, b"Hello " + name)


def expect_unused_stack(image):
    """QEMU's RAM starts as zeroes, so what the stack has ever used is what is not zero."""
    debugger = Debugger(image)
    bottom, top = 0x20000000, debugger.read_word(0)
    stack = debugger.read(bottom, top - bottom)
    unused = len(stack) - len(stack.lstrip(b"\0"))
    print(f"{image.board}: {top - bottom - unused} of {top - bottom} bytes of stack used")
    assert unused >= STACK_RESERVE


def test_the_log_of_a_start(board):
    with Image(board) as image:
        image.wait_ready()
        assert image.log().split("\r\n") == [
            f"gram: greeter on {board}",
            "gram: Ethernet address 52:54:00:12:34:56",
            f"gram: greeter ready on localhost:50051 ({board}, address 10.0.2.15)",
            "",
        ]


def test_the_ethernet_address_is_the_one_it_was_given(board):
    with Image(board, nic="user,mac=52:54:00:ab:cd:ef") as image:
        image.wait_for(r"^gram: Ethernet address 52:54:00:ab:cd:ef\r$")


def test_it_answers_an_http2_client(board):
    with Image(board) as image:
        image.wait_ready()
        with socket.create_connection(("127.0.0.1", image.port), timeout=5) as client:
            client.sendall(PREFACE)
            header = read_exactly(client, 9)
            assert header[3] == 4, f"the first frame must be SETTINGS, this is {header.hex()}"


def test_it_answers_a_call(board):
    with Image(board) as image:
        image.wait_ready()
        say_hello(image, b"Bob")
        image.wait_for(r"^/greet.Greeter/SayHello OK ")


def test_it_sleeps_when_idle(board):
    with Image(board) as image:
        image.wait_ready()
        time.sleep(0.5)
        before = image.cpu_seconds()
        time.sleep(2)
        assert image.cpu_seconds() - before < 0.2, "an idle image must leave the CPU alone"


def test_the_stack_has_room_left(board):
    with Image(board, debug=True) as image:
        image.wait_ready()
        for _ in range(3):
            say_hello(image, b"Bob")
            time.sleep(0.1)  # the smallest board has two places, and QEMU's network tells it late of an end
        expect_unused_stack(image)


def test_time_runs_as_it_should_and_a_missing_address_is_said():
    """Nobody answers DHCP on this wire: after ten seconds by the board's clock it says so."""
    images = [(Image(board, nic="socket,listen=127.0.0.1:{port}"), time.monotonic()) for board in BOARDS]
    try:
        for image, begin in images:
            image.wait_for(r"^gram: no address yet: .*\r$", seconds=13)
            assert 9.5 < time.monotonic() - begin < 12, f"{image.board}: ten seconds are not ten seconds"
    finally:
        for image, _ in images:
            image.__exit__()
