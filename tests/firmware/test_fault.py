"""A fault is reported on the UART, in words and with the place, and then nothing moves any more.

The faults are made from outside: QEMU's debugger writes a few instructions to the end of RAM and sends the
CPU there. So the image under test is the one that is shipped.
"""
import time

import pytest

from board_image import BOARDS, Debugger, Image, ROOT

R0, R1, PC = 0, 1, 15
NVIC_ISER = 0xE000E100
NOWHERE = 0x60000000  # nothing is there on mps2-an385; QEMU's lm3s6965evb never faults for want of a device
GUARDED = 0x1FFFFFF0  # below the stack


def end_of_ram(board):
    text = (ROOT / "port/boards" / board / "board.mk").read_text()
    return 0x20000000 + 1024 * int(text.split("BOARD_RAM_KB := ")[1].split()[0])


def halfwords(*values):
    return b"".join(v.to_bytes(2, "little") for v in values)


# name -> the code, where in it the fault is, the reason that must be printed
FAULTS = {
    "undefined": (halfwords(0xDE00), 0, "undefined instruction"),
    "guard": (halfwords(0x6800), 0, "access to the guarded memory below the stack"),          # ldr r0, [r0]
    "load": (halfwords(0x6800), 0, "access to an address where there is nothing"),            # ldr r0, [r0]
    "jump": (halfwords(0x4780), None, "code was fetched from an address where there is nothing"
                                      "|jump to an address without the Thumb bit"),           # blx r0
    "divide": (halfwords(0x2100, 0xFBB0, 0xF0F1), 2, "division by zero"),                  # udiv r0, r0, r1
}
REPORTS = [(b, name) for b in BOARDS for name in FAULTS if (b, name) != ("lm3s6965evb", "load")]


@pytest.fixture(params=BOARDS)
def board(request):
    return request.param


def run_code(image, code, registers=()):
    image.wait_ready()
    debugger = Debugger(image)
    place = end_of_ram(image.board) - 64
    debugger.write(place, code)
    for number, value in registers:
        debugger.set_register(number, value)
    debugger.set_register(PC, place)
    debugger.go()
    return place


def assert_it_stands_still(image):
    said = image.wait_for(r"gram: stopped") and image.log()
    time.sleep(0.3)
    before = image.cpu_seconds()
    time.sleep(0.5)
    assert image.cpu_seconds() - before < 0.1, "after its report the CPU must sleep"
    assert image.log().startswith(said), "the report must not be repeated or followed by anything"


@pytest.mark.parametrize("board,name", REPORTS)
def test_report(board, name):
    code, offset, reason = FAULTS[name]
    address = GUARDED if name == "guard" else NOWHERE
    with Image(board, debug=True) as image:
        place = run_code(image, code, [(R0, address)])
        image.wait_for(rf"^gram: hard fault: .*({reason}).*\r$")
        if offset is not None:
            image.wait_for(rf"^gram:   pc {place + offset:08x} lr [0-9a-f]{{8}} xpsr")
        if name == "load":
            image.wait_for(rf"^gram:   r0 {address:08x}")
            image.wait_for(rf"^gram:   cfsr 00008200 hfsr 40000000 bfar {address:08x}")
        if name == "guard":
            image.wait_for(rf"^gram:   cfsr 00000082 hfsr 40000000 bfar \w+ mmfar {address:08x}")
        assert_it_stands_still(image)


def test_a_stack_overflow_is_named(board):
    """push {r0-r7} for ever: the stack runs out of RAM before it reaches a variable."""
    with Image(board, debug=True) as image:
        run_code(image, halfwords(0xB4FF, 0xE7FD))
        image.wait_for(r"^gram: hard fault: ")
        image.wait_for(r"^gram:   the stack has overflowed \(STACK_SIZE in the linker script\): sp 1fffff")
        assert_it_stands_still(image)


def test_an_interrupt_that_nobody_expects_is_named(board):
    code = halfwords(0x6001, 0xF8C0, 0x1100, 0xB662, 0xE7FE)  # enable it, make it pending, cpsie i, stay here
    with Image(board, debug=True) as image:
        run_code(image, code, [(R0, NVIC_ISER), (R1, 1 << 3)])
        image.wait_for(r"^gram: stopped: an interrupt came that this board does not use\r$")
        assert_it_stands_still(image)
