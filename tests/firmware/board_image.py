"""A board's image in QEMU, seen from outside: its UART, its Ethernet wire, its debugger.

Image    QEMU with build/<board>/greeter.elf; `log()` is what the UART has said.
Debugger QEMU's gdb stub: stop, read and write memory and registers, go on. So any image can be made to fault.
"""
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(os.environ.get("GRAM_IMAGES", ROOT / "build"))


def machine_of(board):
    text = (ROOT / "port/boards" / board / "board.mk").read_text()
    found = re.search(r"^BOARD_QEMU_MACHINE *:= *(\S+)", text, re.M)
    return found and found[1]


BOARDS = sorted(p.parent.name for p in (ROOT / "port/boards").glob("*/board.mk") if machine_of(p.parent.name))


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Image:
    """`nic` is QEMU's -nic option; {port} in it becomes a free port, `self.port`."""

    def __init__(self, board, nic="user,hostfwd=tcp:127.0.0.1:{port}-:50051", app="greeter", debug=False, more=()):
        self.board, self.port, self.gdb_port = board, free_port(), free_port() if debug else None
        self.dir = tempfile.TemporaryDirectory(prefix="gram-")
        self.uart = Path(self.dir.name) / "uart"
        self.uart.touch()
        image = IMAGES / board / f"{app}.elf"
        assert image.exists(), f"{image} is missing: make firmware BOARD={board} APP={app}"
        command = ["qemu-system-arm", "-M", machine_of(board), "-kernel", str(image), "-display", "none",
                   "-monitor", "none", "-serial", f"file:{self.uart}", "-nic", nic.format(port=self.port), *more]
        if debug:
            command += ["-gdb", f"tcp:127.0.0.1:{self.gdb_port}"]
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.errors = self.qemu.communicate()[1].decode(errors="replace")
        self.dir.cleanup()

    def log(self):
        return self.uart.read_bytes().decode(errors="replace")

    def wait_for(self, pattern, seconds=10):
        """The match of a regular expression in the log, as soon as it is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.log(), re.M)
            if found:
                return found
            if self.qemu.poll() is not None:
                raise AssertionError(f"QEMU has ended: {self.qemu.stderr.read().decode()}")
            time.sleep(0.02)
        raise AssertionError(f"{self.board}: no {pattern!r} within {seconds} s; the UART said:\n{self.log()}")

    def wait_ready(self, seconds=10):
        return self.wait_for(r"ready on localhost:50051 .*\n", seconds)

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.qemu.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Debugger:
    """The few packets of gdb's remote protocol that the tests need. Connecting stops the CPU."""

    def __init__(self, image):
        end = time.monotonic() + 5
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", image.gdb_port), timeout=5)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < end, "QEMU's gdb stub does not answer"
                time.sleep(0.05)
        self.buffer = b""
        self.ask("qXfer:features:read:target.xml:0,ffb")  # without it QEMU refuses to set a single register

    def ask(self, text, answer=True):
        data = text.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))
        return self.read_packet() if answer else None

    def read_packet(self):
        while True:
            found = re.search(rb"\$([^#]*)#..", self.buffer)
            if not found:
                self.buffer += self.socket.recv(4096)
                continue
            self.buffer = self.buffer[found.end():]
            self.socket.sendall(b"+")
            if not found[1].startswith(b"T"):  # that the CPU has stopped comes unasked, at any time
                return found[1].decode(errors="replace")

    def read(self, address, length):
        data = b""
        while len(data) < length:
            part = min(1024, length - len(data))
            data += bytes.fromhex(self.ask(f"m{address + len(data):x},{part:x}"))
        return data

    def read_word(self, address):
        return int.from_bytes(self.read(address, 4), "little")

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"

    def set_register(self, number, value):
        assert self.ask(f"P{number:x}={value.to_bytes(4, 'little').hex()}") == "OK"

    def go(self):
        """Lets the CPU run, and leaves."""
        self.ask("D", answer=False)
        self.socket.close()
