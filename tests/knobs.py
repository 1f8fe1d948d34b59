"""What each limit and each option costs: `make size` prints it, docs/costs.md keeps it.

    knobs.py                    the tables, as Markdown
    knobs.py --check FILE       whether FILE says the same, within 1 % (or 8 bytes)

RAM is sizeof(struct gram_server) with one limit changed; flash is the sum of the core's objects with one option changed;
both as greeter on lm3s6965evb has them, Cortex-M3 -Os. Nothing is linked: an image may leave out more."""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CC = "arm-none-eabi-gcc"
FLAGS = "-std=c11 -mcpu=cortex-m3 -mthumb -Os -DGRAM_RAM_KB=64 -DPB_VALIDATE_UTF8".split()
FOLDERS = ["util", "hpack", "h2", "grpc"]
INCLUDE = [
    *[f"-Ifirmware/{f}" for f in ["include", *FOLDERS, "apps/greeter"]],
    "-Iport/boards/lm3s6965evb",
    "-isystem",
    "build/deps/nanopb",
]
METADATA = {"GRAM_METADATA_SIZE": 128}

# What is said of it, and what is changed from what: RAM.
RAM = [
    ("one more connection", {}, {"GRAM_MAX_CONNECTIONS": 3}, 1),
    ("one more call at a time, on each connection", {}, {"GRAM_MAX_CONCURRENT_STREAMS": 5}, 2),
    ("of it the window (`GRAM_INITIAL_WINDOW_SIZE`)", {}, {"GRAM_INITIAL_WINDOW_SIZE": 512}, 8),
    ("one more message buffer (`GRAM_MESSAGE_BUFS`)", {}, {"GRAM_MESSAGE_BUFS": 2}, 1),
    ("one more held reply (`GRAM_HELD_REPLIES`)", {}, {"GRAM_HELD_REPLIES": 2}, 1),
    ("`GRAM_METADATA_SIZE` 128, a call", {}, METADATA, 8),
    (
        "the same without `GRAM_HPACK_STORE`'s 128 bytes a connection",
        {**METADATA, "GRAM_HPACK_STORE": 16},
        {**METADATA, "GRAM_HPACK_STORE": 144},
        2,
    ),
    ("`GRAM_INTERCEPTOR_STATE` 16, a call", {}, {"GRAM_INTERCEPTOR_STATE": 16}, 8),
]
# Flash.
FLASH = [
    ("the core, nothing optional", {}),
    ("with metadata (`GRAM_METADATA_SIZE`)", METADATA),
    ("with interceptors' state (`GRAM_INTERCEPTOR_STATE`)", {"GRAM_INTERCEPTOR_STATE": 16}),
    ("with traces of frames (`GRAM_TRACE`)", {"GRAM_TRACE": 1}),
]


def defines(options):
    return [f"-D{name}={value}" for name, value in options.items()]


def compile_to(folder, source, options):
    out = Path(folder) / (Path(source).stem + ".o")
    subprocess.run([CC, *FLAGS, *defines(options), *INCLUDE, "-c", source, "-o", out], cwd=ROOT, check=True)
    return out


def server_size(options):
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.c"
        probe.write_text('#include "grpc_server.h"\nchar probe[sizeof(struct gram_server)];\n')
        out = compile_to(folder, probe, options)
        listed = subprocess.run(
            ["arm-none-eabi-nm", "-S", out], check=True, capture_output=True, text=True
        ).stdout
    return int(re.search(r"^\S+ (\S+) \S probe$", listed, re.M).group(1), 16)


def core_size(options):
    sources = sorted(str(p.relative_to(ROOT)) for f in FOLDERS for p in (ROOT / "firmware" / f).glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        objects = [compile_to(folder, source, options) for source in sources]
        listed = subprocess.run(["arm-none-eabi-size", *objects], check=True, capture_output=True, text=True).stdout
    return sum(int(line.split()[0]) + int(line.split()[1]) for line in listed.splitlines()[1:])


def rows():
    """(what, bytes) of both tables, a heading before each."""
    with ThreadPoolExecutor(2) as pool:
        before = pool.map(lambda row: server_size(row[1]), RAM)
        after = pool.map(lambda row: server_size(row[2]), RAM)
        flash = pool.map(lambda row: core_size(row[1]), FLASH)
        ram = [(row[0], (b - a) // row[3]) for row, a, b in zip(RAM, before, after)]
        sizes = list(flash)
    yield "RAM", [("the server, as greeter has it", server_size({})), *ram]
    yield "flash", [
        (what, size if i == 0 else size - sizes[0]) for i, ((what, _), size) in enumerate(zip(FLASH, sizes))
    ]


def table(heading, lines):
    print(f"\n| {heading} | bytes |\n|---|---|")
    for what, size in lines:
        print(f"| {what} | {size:,} |")


def check(path):
    said = dict(re.findall(r"^\| (.+?) \| ([\d,]+) \|$", Path(path).read_text(), re.M))
    wrong = []
    for _, lines in rows():
        for what, size in lines:
            figure = int(said.get(what, "0").replace(",", ""))
            if abs(figure - size) > max(8, size / 100):
                wrong.append(f"gram: {path} says {figure:,} for '{what}': it is {size:,}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        sys.exit(check(sys.argv[2]))
    for one in rows():
        table(*one)
