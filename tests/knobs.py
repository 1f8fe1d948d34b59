"""What each limit, each option and each part to link costs: `make size` prints it, docs/costs.md keeps it.

    knobs.py                    the tables, as Markdown
    knobs.py --check FILE       whether FILE says the same, within 1 % (or 8 bytes)

RAM is sizeof(struct gram_server) with one limit changed; flash is the sum of the core's objects with one option changed;
both as greeter on lm3s6965evb has them, Cortex-M3 -Os. A part is the sum of its objects, generated ones included, so
build/gen must be there (`make size` sees to that). Nothing is linked: an image may leave out more."""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CC = "arm-none-eabi-gcc"
# As tests.mk (m3) has them.
FLAGS = """-std=c11 -mcpu=cortex-m3 -mthumb -Os -ffunction-sections -fdata-sections
    -DGRAM_RAM_KB=64 -DPB_VALIDATE_UTF8""".split()
FOLDERS = ["util", "hpack", "h2", "grpc"]
INCLUDE = [
    *[f"-Ifirmware/{f}" for f in ["include", *FOLDERS, "apps/greeter"]],
    "-Iport/boards/lm3s6965evb",
    "-Ibuild/gen",
    "-isystem",
    os.environ.get("NANOPB_DIR", "build/deps/nanopb"),
]
METADATA = {"GRAM_METADATA_SIZE": 128}
STATE = {"GRAM_INTERCEPTOR_STATE": 16}

# What is said of it, what is changed from what, and by how many of it the difference is divided.
RAM = [
    ("one more connection", {}, {"GRAM_MAX_CONNECTIONS": 3}, 1),
    ("one more call at a time, on each connection", {}, {"GRAM_MAX_CONCURRENT_STREAMS": 5}, 2),
    ("256 more of `GRAM_INITIAL_WINDOW_SIZE`, a call", {}, {"GRAM_INITIAL_WINDOW_SIZE": 512}, 8),
    ("one more message buffer (`GRAM_MESSAGE_BUFS`)", {}, {"GRAM_MESSAGE_BUFS": 2}, 1),
    ("one more held reply (`GRAM_HELD_REPLIES`)", {}, {"GRAM_HELD_REPLIES": 2}, 1),
    ("`GRAM_METADATA_SIZE` 128, a call, the connection's share included", {}, METADATA, 8),
    (
        "128 more of `GRAM_HPACK_STORE`, a connection",
        {**METADATA, "GRAM_HPACK_STORE": 128},
        {**METADATA, "GRAM_HPACK_STORE": 256},
        2,
    ),
    ("`GRAM_INTERCEPTOR_STATE` 16, a call", {}, STATE, 8),
]
# The same for flash: the core's with the option, less the core's without.
FLASH = [
    ("keepalive (`GRAM_KEEPALIVE_MS`; 0 takes it out of the core)", {"GRAM_KEEPALIVE_MS": 0}, {}),
    ("metadata (`GRAM_METADATA_SIZE`)", {}, METADATA),
    ("what interceptors keep of a call (`GRAM_INTERCEPTOR_STATE`)", {}, STATE),
    ("ending idle connections (`GRAM_IDLE_MS`)", {}, {"GRAM_IDLE_MS": 600000}),
    ("ending old connections (`GRAM_CONNECTION_AGE_MS`)", {}, {"GRAM_CONNECTION_AGE_MS": 3600000}),
    ("traces of frames (`GRAM_TRACE`)", {}, {"GRAM_TRACE": 1}),
]


def defines(options):
    return [f"-D{name}={value}" for name, value in options.items()]


def compile_to(folder, source, options):
    out = Path(folder) / (str(source).replace("/", "-") + ".o")
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


def flash_size(sources, options):
    with tempfile.TemporaryDirectory() as folder:
        objects = [compile_to(folder, source, options) for source in sources]
        listed = subprocess.run(["arm-none-eabi-size", *objects], check=True, capture_output=True, text=True).stdout
    return sum(int(line.split()[0]) + int(line.split()[1]) for line in listed.splitlines()[1:])


def core_size(options):
    return flash_size([s for folder in FOLDERS for s in sources_in(folder)], options)


def sources_in(folder, pattern="*.c"):
    return sorted(str(p.relative_to(ROOT)) for p in (ROOT / "firmware" / folder).glob(pattern))


def generated(service):
    """What a service's own .proto files become."""
    more = ROOT / "firmware/services" / (service + ".mk")
    protos = re.findall(r"[\w/]+/\w+", more.read_text().split("+=")[1]) if more.exists() else []
    return [f"build/gen/{proto}.{kind}.c" for proto in protos for kind in ("gram", "pb")]


def parts():
    """(what, sources): an interceptor is one file, a service NAME.c and its NAME_*.c (firmware/image.mk)."""
    for source in sources_in("interceptors"):
        yield f"`{Path(source).stem}`", [source]
    for name in sorted({Path(source).stem.split("_")[0] for source in sources_in("services")}):
        yield f"`{name}`, a service", [*sources_in("services", name + "*.c"), *generated(name)]


def differences(pool, size, changes):
    """Each set of options is measured once, however many rows begin from it."""
    sets = {str(options): options for row in changes for options in row[1:3]}
    found = dict(zip(sets, pool.map(size, sets.values())))
    return [(row[0], (found[str(row[2])] - found[str(row[1])]) // row[3]) for row in changes], found[str({})]


def rows():
    """(heading, [(what, bytes)]) of each table."""
    with ThreadPoolExecutor(2) as pool:
        ram, server = differences(pool, server_size, RAM)
        flash, core = differences(pool, core_size, [(*row, 1) for row in FLASH])
        linked = pool.map(lambda part: (part[0], flash_size(part[1], {**METADATA, **STATE})), parts())
        yield "RAM", [("the server, as greeter has it", server), *ram]
        yield "flash", [("the core, as greeter has it", core), *flash]
        yield "flash, parts to link", list(linked)


def table(heading, lines):
    print(f"\n| {heading} | bytes |\n|---|---|")
    for what, size in lines:
        print(f"| {what} | {size:,} |")


def check(path):
    said = dict(re.findall(r"^\| (.+?) \| ([\d,]+) \|$", Path(path).read_text(), re.M))
    wrong = []
    for _, lines in rows():
        for what, size in lines:
            figure = said.pop(what, None)
            if figure is None:
                wrong.append(f"gram: {path} does not say what '{what}' costs: {size:,}")
            elif abs(int(figure.replace(",", "")) - size) > max(8, size / 100):
                wrong.append(f"gram: {path} says {figure} for '{what}': it is {size:,}")
    wrong += [f"gram: {path} says what '{what}' costs, which nothing measures: tests/knobs.py" for what in said]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        sys.exit(check(sys.argv[2]))
    for one in rows():
        table(*one)
