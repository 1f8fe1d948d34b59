#!/usr/bin/env python3
"""Counts the instructions of a call on a Cortex-M3, and says where they go.

    bench.py               the table, then the sockets port under h2load
    bench.py --profile 1   and the functions of the steady-state call, or of a case of bench_main.c
    bench.py --device      without the sockets port

The image (bench_main.c) is run twice in QEMU. Once with a clock that counts instructions (-icount shift=0):
that gives each case's figure, over 1,000 steps, the same in every run. Once with a trace of every
instruction, over a few steps: that tells how the figure is divided. The C library's functions, libgcc's and
those of firmware/util count for whoever calls them. What the benchmark does itself is taken off.
"""

import argparse
import bisect
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "build/bench/greeter.elf"
CORE = ("hpack", "h2", "grpc")
OWNERS = ("app", "services", "interceptors", "nanopb")
INSTRUCTIONS_A_TICK = 40  # mps2-an385: 25 MHz, one instruction a nanosecond
STEPS, TRACED = 1000, 4
BUDGET_CALL = 1500

# What the image prints: ticks for `steps` steps, and the bytes that the server sent in them.
Case = namedtuple("Case", "ticks steps answered")
# One line of the table: how often each case counts, over how many calls or messages, the core's budget
Row = namedtuple("Row", "title cases divisor budget")
ROWS = [
    Row("unary call, steady state, as grpc-go sends it", {"unary": 1}, 1, BUDGET_CALL),
    Row("the same as h2load sends it: 2 literals", {"unary-h2load": 1}, 1, None),
    Row("the same with messages without fields", {"unary-empty": 1}, 1, None),
    Row("beside each call, grpc-go: WINDOW_UPDATE, PING", {"unary-beside": 1, "unary": -1}, 1, None),
    Row("gram_server_poll() after each call", {"unary-poll": 1, "unary": -1}, 1, None),
    Row("the log interceptor's line for each call", {"unary-log": 1, "unary": -1}, 1, None),
    Row("connection: opened, SETTINGS both ways, closed", {"connect": 1}, 1, None),
    Row("its first call, as grpc-go sends it", {"connect-go": 1, "connect": -1}, 1, None),
    Row("its first call, as h2load sends it", {"connect-h2load": 1, "connect": -1}, 1, None),
    Row("message of a server stream: wake, poll, segment", {"stream-woken": 1}, 1, None),
    Row("message of a server stream, many in a segment", {"stream-11": 1, "stream-1": -1}, 10, None),
    Row("reflection: list, steady state", {"reflection": 1}, 1, None),
]


def fail(text):
    sys.exit(f"gram: {text}")


# ---- QEMU ------------------------------------------------------------------------------------------------


def qemu(*more):
    quiet = ["-display", "none", "-monitor", "none", "-nic", "none"]
    return ["qemu-system-arm", "-M", "mps2-an385", "-kernel", IMAGE, *quiet, *more]


def one_instruction_a_block():
    """The option's name, which changed with QEMU 8.1."""
    done = subprocess.run(["qemu-system-arm", "--version"], capture_output=True, text=True)
    major, minor = map(int, re.search(r"version (\d+)\.(\d+)", done.stdout).groups())
    return ["-accel", "tcg,one-insn-per-tb=on"] if (major, minor) >= (8, 1) else ["-singlestep"]


def semihosting(steps):
    return ["-semihosting-config", f"enable=on,target=native,arg=bench,arg={steps}"]


def cases_of(text):
    found = re.findall(r"^case ([\w-]+)\|(\d+)\|(\d+)\|(\d+)$", text, re.M)
    return {name: Case(*map(int, figures)) for name, *figures in found}


def count(steps=STEPS, seconds=60):
    """{case: Case}, with the clock that counts instructions."""
    args = qemu("-serial", "stdio", "-icount", "shift=0", *semihosting(steps))
    lines = []
    child = subprocess.Popen(
        args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    end = time.monotonic() + seconds
    for line in child.stdout:
        lines.append(line)
        if line.startswith("gram:") or time.monotonic() > end:  # it has stopped, and says why
            child.kill()
    child.wait()
    cases = cases_of("".join(lines))
    if child.returncode != 0 or "calibration" not in cases:
        fail("the benchmark's image failed:\n" + "".join(lines))
    calibration = cases.pop("calibration")
    found = calibration.steps / max(calibration.ticks, 1)
    if round(found) != INSTRUCTIONS_A_TICK:
        fail(
            f"a tick is {found:.1f} instructions, not {INSTRUCTIONS_A_TICK}: this QEMU does not count as "
            "-icount shift=0 promises; take another one"
        )
    return cases


# ---- whose instruction it is -----------------------------------------------------------------------------


def folder_of(source):
    """The owner of a function by its source; "" for what counts for its caller."""
    for pattern, folder in (
        (r"firmware/(hpack|h2|grpc|services|interceptors)/", None),
        (r"firmware/apps/|build/gen/", "app"),
        (r"tests/bench/bench_app", "app"),
        (r"tests/bench/", "bench"),
        (r"/pb_(common|encode|decode)\.c", "nanopb"),
    ):
        found = re.search(pattern, source)
        if found:
            return folder or found[1]
    return ""


class Functions:
    """The image's functions by address."""

    def __init__(self):
        nm = ["arm-none-eabi-nm", "-n", "-l", IMAGE]
        done = subprocess.run(nm, capture_output=True, text=True, check=True)
        self.at, self.names, self.folders = [], [], []
        for address, name, source in re.findall(r"(?m)^(\w{8}) [tTW] (\S+)(?:\t(.*))?$", done.stdout):
            if not name.startswith("$"):
                self.at.append(int(address, 16) & ~1)
                self.names.append(name)
                self.folders.append(folder_of(source))
        if not set(CORE) <= set(self.folders):
            fail(f"{IMAGE} does not say which functions are of the core: is it built with -g?")

    def index(self, pc):
        return bisect.bisect_right(self.at, pc) - 1


Traced = namedtuple("Traced", "steps by_owner by_function calls")


def trace(steps=TRACED):
    """{case: Traced}. The loop runs twice for each case, first to warm up."""
    functions = Functions()
    loop, runner = functions.names.index("bench_loop"), functions.names.index("bench_run")
    with tempfile.TemporaryDirectory() as folder:
        how = [*one_instruction_a_block(), "-d", "exec,nochain", *semihosting(steps)]
        child = subprocess.Popen(
            qemu("-serial", f"file:{folder}/uart", *how),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        loops = follow(child.stderr, functions, loop, runner)
        child.wait()
        names = list(cases_of(Path(f"{folder}/uart").read_text()))[1:]
    if len(loops) != 2 * len(names) or not names:
        fail(
            f"QEMU's trace has {len(loops)} loops for {len(names)} cases: "
            "does its -d exec,nochain still print a line for each block?"
        )
    return {name: Traced(steps, *loops[2 * i + 1]) for i, name in enumerate(names)}


def follow(lines, functions, loop, runner):
    """Three counters for each loop, from a line "Trace 0: 0x7f.. [00000000/<pc>/..." for each instruction."""
    known, loops, active = {}, [], False
    owner, previous = "bench", None
    for line in lines:
        if not line.startswith(b"Trace"):
            continue
        pc = line.split(b"/", 2)[1]
        at = known.get(pc)
        if at is None:
            address = int(pc, 16)
            at = known[pc] = (functions.index(address), address in functions.at)
        index, first = at
        if not active:
            if index == loop and first:
                active, previous = True, None
                loops.append((Counter(), Counter(), Counter()))
            else:
                continue
        elif index == runner:
            active = False
            continue
        by_owner, by_function, calls = loops[-1]
        owner = functions.folders[index] or owner
        by_owner[owner, functions.folders[index] != ""] += 1
        by_function[owner, index] += 1
        if first and index != previous:
            calls[owner, index] += 1
        previous = index
    named = []
    for by_owner, by_function, calls in loops:
        name = lambda counter: Counter({(o, functions.names[i]): n for (o, i), n in counter.items()})
        named.append((by_owner, name(by_function), name(calls)))
    return named


# ---- the table -------------------------------------------------------------------------------------------


def divided(case, traced):
    """{owner: instructions a step}: what the trace says, and for the core the rest of what was counted."""
    owned = Counter()
    for (owner, _), n in traced.by_owner.items():
        owned[owner] += n / traced.steps
    result = {owner: owned[owner] for owner in OWNERS}
    result["core"] = case.ticks * INSTRUCTIONS_A_TICK / case.steps - sum(result.values()) - owned["bench"]
    return result


def table(cases, traces):
    """[(Row, {owner: instructions})]"""
    parts = {name: divided(case, traces[name]) for name, case in cases.items()}

    def of(row, owner):
        return sum(factor * parts[name][owner] for name, factor in row.cases.items()) / row.divisor

    return [(row, {owner: of(row, owner) for owner in ("core", *OWNERS)}) for row in ROWS]


def print_table(rows):
    print("Instructions on a Cortex-M3, counted by QEMU; `rest` is handler, services, interceptors\n")
    print(f"  {'':50}{'all':>8}{'core':>8}{'nanopb':>8}{'rest':>8}")
    for row, parts in rows:
        total, core, nanopb = sum(parts.values()), parts["core"], parts["nanopb"]
        line = f"  {row.title:50}{total:8,.0f}{core:8,.0f}{nanopb:8,.0f}{total - core - nanopb:8,.0f}"
        if row.budget:
            line += f"   core's budget {row.budget:,}: " + ("kept" if core <= row.budget else "EXCEEDED")
        print(line)


def print_owners(traced):
    print("\nThe core's part of the first line; `library` is memcpy and the like, called from that folder\n")
    print(f"  {'':12}{'own':>8}{'library':>10}")
    for folder in CORE:
        own, library = (traced.by_owner[folder, direct] / traced.steps for direct in (True, False))
        print(f"  {folder:12}{own:8,.0f}{library:10,.0f}")


def print_profile(name, traced):
    total = sum(n for (owner, _), n in traced.by_function.items() if owner != "bench")
    print(f"\nThe functions of a step of '{name}'; of the library's, who calls them\n")
    print(f"  {'instructions':>12}{'share':>8}{'calls':>7}   function")
    for (owner, name), n in traced.by_function.most_common():
        if owner != "bench":
            calls = traced.calls[owner, name] / traced.steps
            print(f"  {n / traced.steps:12,.0f}{100 * n / total:7.1f}%{calls:7,.0f}   {owner}: {name}")


# ---- the sockets port ------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port, clients, streams, message, seconds=1):
    """How many calls h2load got answered in so many seconds."""
    grpc = ["-H", "content-type: application/grpc", "-H", "te: trailers", "-d", message]
    url = f"http://127.0.0.1:{port}/greet.Greeter/SayHello"
    args = ["h2load", f"-c{clients}", f"-m{streams}", f"-D{seconds}", *grpc, url]
    done = subprocess.run(args, capture_output=True, text=True)
    found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
    if not found or int(found[1]) == 0 or int(found[2]) > 0:
        fail("h2load got no answers:\n" + done.stdout + done.stderr)
    return int(found[1])


def sockets():
    port = free_port()
    server = subprocess.Popen(["build/posix/greeter", "--port", str(port)], stdout=subprocess.DEVNULL)
    print("\nThe sockets port here under h2load, with a log line a call. NOISY: nothing to compare\n")
    print(f"  {'clients x streams':20}{'calls/s':>10}{'CPU us a call':>16}")
    try:
        with tempfile.NamedTemporaryFile() as message:
            message.write(b"\0\0\0\0\x06\x0a\x04gram")
            message.flush()
            time.sleep(0.2)
            for clients, streams in ((1, 1), (4, 8)):
                before, begin = cpu_seconds(server.pid), time.monotonic()
                calls = load(port, clients, streams, message.name)
                seconds, cpu = time.monotonic() - begin, cpu_seconds(server.pid) - before
                print(f"  {f'{clients} x {streams}':20}{calls / seconds:10,.0f}{1e6 * cpu / calls:16.2f}")
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", metavar="CASE")
    parser.add_argument("--device", action="store_true")
    options = parser.parse_args()
    os.chdir(ROOT)
    if not Path(IMAGE).exists():
        fail(f"there is no {IMAGE}: make bench-image")
    cases, traces = count(), trace()
    profile = "unary" if options.profile == "1" else options.profile
    if profile and profile not in traces:
        fail(f"there is no case '{profile}': PROFILE= is 1 or one of: {' '.join(traces)}")
    print_table(table(cases, traces))
    print_owners(traces["unary"])
    if profile:
        print_profile(profile, traces[profile])
    if not options.device:
        if shutil.which("h2load"):
            sockets()
        else:
            print("\nThe sockets port is left out: there is no h2load here (package nghttp2-client)")


if __name__ == "__main__":
    main()
