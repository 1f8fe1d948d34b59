"""The Ethernet drivers, frame by frame: every length, what must be dropped, what must be survived.

Each test ends with a ping: nothing that came over the wire may leave the driver out of step or lwIP out
of buffers.
"""
import os
import random
import time

import pytest
from elftools.elf.elffile import ELFFile

from board_image import BOARDS, IMAGES, Debugger, Image
from wire import ARP, BROADCAST, IPV4, Wire, arp_request, ethernet, ipv4

NO_PBUF, MALFORMED, FIFO_RESETS = 0, 4, 8  # struct eth_counters
HEADERS = 14 + 20 + 8  # Ethernet, IPv4, ICMP


class Board:
    """An image and its wire."""

    def __init__(self, name):
        self.name = name
        self.wire = Wire()
        self.image = Image(name, nic=self.wire.nic, debug=True)
        self.wire.bring_up(self.image)
        self.log = self.image.log()

    def close(self):
        self.image.__exit__()
        self.wire.__exit__()

    def address(self, symbol):
        with open(IMAGES / self.name / "greeter.elf", "rb") as file:
            return ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(symbol)[0]["st_value"]

    def read(self, address):
        debugger = Debugger(self.image)
        value = debugger.read_word(address)
        debugger.go()
        return value

    def write(self, address, value):
        debugger = Debugger(self.image)
        debugger.write(address, value.to_bytes(4, "little"))
        debugger.go()

    def counter(self, which):
        return self.read(self.address("eth_counters") + which)

    def assert_well(self):
        """It answers the next ping, and has said nothing: no fault, no failed assertion."""
        assert self.wire.ping() == b"are you there?"
        assert self.image.log() == self.log


@pytest.fixture(params=BOARDS)
def board(request):
    under_test = Board(request.param)
    yield under_test
    resets = under_test.counter(FIFO_RESETS)
    under_test.close()
    assert resets == 0, "the driver was out of step with its FIFO"
    assert "error" not in under_test.image.errors, "QEMU complains of what the driver does"


def test_pings_of_every_length(board):
    data = os.urandom(1514)
    begin = time.monotonic()
    for length in range(1514 - HEADERS + 1):
        assert board.wire.ping(length, data[:length]) == data[:length]
    assert time.monotonic() - begin < 20, "a frame must wake the CPU, not wait for its next timer"
    board.assert_well()


def test_a_short_frame_is_padded_with_zeroes(board):
    board.wire.send(arp_request())
    reply = board.wire.wait_for(lambda f: f[12:14] == b"\x08\x06" and f[20:22] == b"\0\x02")
    assert len(reply) == 60 and not any(reply[42:])


def test_runts_and_short_arp_messages_are_dropped(board):
    for length in range(1, len(arp_request())):
        board.wire.send(arp_request()[:length])
    board.assert_well()


def test_frames_too_long_are_dropped(board):
    before = board.counter(MALFORMED)
    for length in range(1519, 2030, 7):
        board.wire.send(ethernet(IPV4, ipv4(17, bytes(length - 34))))
        board.assert_well()
    assert board.counter(MALFORMED) - before == len(range(1519, 2030, 7))


def test_frames_that_lie_about_themselves(board):
    chance = random.Random(1)
    for number in range(300):
        body = bytearray(chance.randbytes(chance.randrange(0, 600)))
        lie = chance.choice([
            ethernet(IPV4, ipv4(chance.choice([1, 6, 17]), bytes(body), total=chance.randrange(0, 2000))),
            ethernet(ARP, bytes(body)),
            ethernet(chance.choice([IPV4, 0x86DD, 0x8100]), bytes(body),
                     chance.choice([BROADCAST, b"\x33\x33\0\0\0\x01"])),
        ])
        board.wire.send(lie)
        if number % 20 == 19:
            board.assert_well()
    board.assert_well()


def test_a_burst_is_survived(board):
    for _ in range(5):
        for length in (1514, 60, 700, 1514, 333) * 20:
            board.wire.send(ethernet(IPV4, ipv4(17, bytes(length - 34))))
        time.sleep(0.2)
        board.assert_well()


def test_the_clock_is_right_under_load(board):
    """Every frame wakes the CPU, and every wake could lose time. What has been counted lags by less than
    half a second."""
    counted = board.address("counted_ms")
    board.read(counted)  # QEMU's clock stands still while its debugger works: not to be measured
    begin, first, frames = time.monotonic(), board.read(counted), 0
    while time.monotonic() - begin < 4:
        board.wire.send(ethernet(IPV4, ipv4(17, bytes(40)), BROADCAST))
        frames += 1
        time.sleep(0.0005)
    host, guest = 1000 * (time.monotonic() - begin), board.read(counted) - first
    assert frames > 500
    assert abs(guest - host) < 500, f"{guest:.0f} ms on the board are {host:.0f} ms"


def test_an_empty_buffer_pool_drops_frames_and_nothing_else(board):
    """The debugger takes the pool's free list away, and gives it back."""
    free_list = board.address("memp_tab_PBUF_POOL")
    first = board.read(free_list)
    board.write(free_list, 0)
    for _ in range(10):
        board.wire.send(arp_request())
    with pytest.raises(AssertionError):
        board.wire.ping(seconds=0.5)
    assert board.counter(NO_PBUF) >= 11
    board.write(free_list, first)
    board.assert_well()


def test_a_fifo_that_ran_over_is_emptied():
    """QEMU's Stellaris MAC says so of a frame that is longer than its FIFO."""
    board = Board("lm3s6965evb")
    try:
        for _ in range(3):
            board.wire.send(ethernet(IPV4, bytes(2043 - 14)))
            time.sleep(0.1)  # whatever else is in the FIFO goes, too
            board.assert_well()
        assert board.counter(FIFO_RESETS) == 3
    finally:
        board.close()
