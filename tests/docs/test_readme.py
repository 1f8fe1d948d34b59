"""README.md, word by word: its files are written, its commands run, and what it says they print is what they print.

A line with a file's name alone in backquotes (a remark in brackets may follow) names the block below it. In ```sh blocks a line that begins with
`$ ` is a command, the lines below it are its output. `make run` stays and serves the commands that follow, until the next `make run`; its output is looked for, not compared. The README's port is replaced by a
free one, and everything happens in a copy of the repository, which shares what was fetched."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
SECONDS = 240


def section(title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, f"README.md has no section '{title}'"
    return found.group(1)


def blocks(text):
    """(file name or None, language, content) of each fenced block."""
    for found in re.finditer(r"(?:^`([^`\n]+)`[^\n]*\n\n)?^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        yield found.groups()


def commands(content):
    """(command, expected output) of an sh block."""
    for part in re.split(r"^\$ ", content, flags=re.M)[1:]:
        line, _, output = part.partition("\n")
        yield line, output


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment():
    """For a make of its own: not one of the jobs of the make that runs the tests."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


class Server:
    def __init__(self, command, cwd, env):
        self.lines = []
        self.process = subprocess.Popen(command, shell=True, cwd=cwd, env=env, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_for(self, wanted):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if wanted in "".join(self.lines):
                return
            assert self.process.poll() is None, "it ended:\n" + "".join(self.lines)
            time.sleep(0.1)
        raise AssertionError(f"no {wanted!r} in:\n" + "".join(self.lines))

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 15)  # the group that this test began
            self.process.wait(20)


@pytest.fixture
def copy(tmp_path):
    """The files that git knows or would take, beside a build folder that has what was fetched."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if not (ROOT / name).is_file():
            continue
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "build").mkdir()
    for fetched in ("deps", "venv", "tools", "stamps"):
        if (ROOT / "build" / fetched).exists():
            (tmp_path / "build" / fetched).symlink_to(ROOT / "build" / fetched)
    return tmp_path


def write(copy, name, content):
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text(content)


def run_section(title, copy):
    port = free_port()
    env = environment()
    env["PATH"] = f"{ROOT}/build/tools:{env['PATH']}"
    server = None
    ran = 0
    try:
        for name, language, content in blocks(section(title)):
            if name:
                write(copy, name, content)
            if language != "sh":
                continue
            for command, expected in commands(content.replace("50051", str(port))):
                ran += 1
                if command.startswith("make run"):
                    if server:
                        server.stop()  # one at a time, on the same port
                    server = Server(f"{command} PORT={port}", copy, env)
                    for line in expected.splitlines():
                        server.wait_for(line)
                    continue
                done = subprocess.run(command, shell=True, cwd=copy, env=env, text=True, capture_output=True,
                                      timeout=SECONDS)
                assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
                if expected.strip():
                    assert done.stdout.strip() == expected.strip(), f"$ {command}"
    finally:
        if server:
            server.stop()
    return ran


def test_two_commands(copy):
    assert run_section("Two commands", copy) == 3


def test_who_may_call(copy):
    assert run_section("Who may call, and what is written down", copy) == 2


def test_secure_it(copy):
    assert run_section("Secure it", copy) == 5


def test_first_service(copy):
    assert run_section("Your first service", copy) == 3


def test_first_service_is_firmware(copy):
    """The sentence behind it: the same files make an image for a board."""
    for name, _, content in blocks(section("Your first service")):
        if name:
            write(copy, name, content)
    command = re.search(r"`(make firmware [^`]+)`", section("Your first service")).group(1)
    image = re.search(r"`(build/[^`]+\.elf)`", section("Your first service")).group(1)
    subprocess.run(command, shell=True, cwd=copy, check=True, timeout=SECONDS)
    assert (copy / image).is_file()


def figures(title):
    """{what: bytes} of a section's tables; a link in the first column is its text."""
    rows = re.findall(r"^\| ([^|]+) \|.*?([\d,]+) \|$", section(title), re.M)
    return {re.sub(r"\[(.*?)\]\(.*?\)", r"\1", what): int(size.replace(",", "")) for what, size in rows}


def test_costs():
    """The tables are what `make size` says, within 1 % (or 8 bytes); other compilers differ, the tables' is gcc 12.2."""
    version = subprocess.run(["arm-none-eabi-gcc", "-dumpversion"], capture_output=True, text=True).stdout
    env = environment()
    done = subprocess.run(["make", "size"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS)

    def found(pattern):
        return [int(figure.replace(",", "")) for figure in re.search(pattern, done.stdout).groups()]

    greeter = found(r"lm3s6965evb +greeter +([\d,]+) +([\d,]+)")
    tx, streams, window = found(r"transmit ([\d,]+), (\d+) streams of (\d+)")
    core = [*found(r"([\d,]+) +\d+ +budget 18,432"), *found(r"without +([\d,]+)"), tx + streams * window, *greeter]
    said = figures("What it costs")
    real = [*zip(list(said)[:5], core)]
    # the other rows bear the names of tests/knobs.py's
    for what in [*list(said)[5:], *figures("Who may call, and what is written down")]:
        real.append((what, *found(rf"\| {re.escape(what)} \| ([\d,]+) \|")))
    said |= figures("Who may call, and what is written down")
    assert len(real) == len(said) > 15
    for what, size in real:
        assert abs(said[what] - size) <= max(8, size / 100) or not version.startswith("12.2"), \
            f"README says {said[what]} for '{what}', make size {size}"


def test_names_exist():
    """Every relative link leads to a file, every `make` target in the text is one."""
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"`make ([a-z]+)", TEXT):
        assert target in known, target
