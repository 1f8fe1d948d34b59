#!/usr/bin/env python3
"""`make lint`: what can be found out about the sources without running them.

 layout      tabs, trailing space, CRLF, includes that climb ("../"), files without an opening comment
 analyzer    gcc -fanalyzer over the core, as compiled for the tests
 cppcheck    the core, the applications, the ports and the simulator
 clang-tidy  the core (.clang-tidy says which checks)

Prints each finding, and exits 1 if there is any.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CORE = ["util", "hpack", "h2", "grpc"]
API = ["firmware/include", "tests/config/default"]
NANOPB = os.environ.get("NANOPB_DIR", "build/deps/nanopb")


def sources(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern, recursive=True))


def layout():
    bad = []
    for path in sources("firmware/**/*.[ch]", "port/**/*.[ch]", "host_sim/*.[ch]", "tests/**/*.[ch]"):
        text = Path(path).read_bytes().decode()
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, what in (
                (r"\t", "a tab"),
                (r"[ \r]$", "space at the end of a line"),
                (r'#\s*include\s*"\.\./', "an include that climbs out of its folder"),
            ):
                if re.search(pattern, line):
                    bad.append(f"{path}:{number}: {what}")
        if not text.startswith(("/*", "//")):
            bad.append(f"{path}:1: no opening comment that says what the file is")
    return bad


def run(args):
    """The output of a tool that is silent when content; its findings otherwise."""
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return (
        []
        if done.returncode == 0
        else done.stdout.splitlines() or [f"{args[0]}: exit status {done.returncode}"]
    )


def analyzer():
    out = run(["make", "-k", "-f", "tests/tests.mk", "CONFIG=analyze"])
    return [line for line in out if "error:" in line] or out[-5:]


def cppcheck():
    includes = [f"-I{path}" for path in [*API, *(f"firmware/{d}" for d in CORE)]]
    return run(
        [
            "cppcheck",
            "--quiet",
            "--error-exitcode=1",
            "--std=c11",
            "--enable=warning,performance,portability",
            "--inline-suppr",
            "--suppress=missingInclude",
            "--suppress=preprocessorErrorDirective",
            "--suppress=comparePointers",
            "--suppress=zerodivcond",
            "-j2",
            "--max-configs=4",
            "--platform=arm32-wchar_t4",
            "-DGRAM_RAM_KB=64",
            *includes,
            "firmware",
            "port",
            "host_sim",
        ]
    )


def clang_tidy():
    tool = next(
        filter(None, map(shutil.which, ["clang-tidy", *(f"clang-tidy-{n}" for n in range(22, 13, -1))]))
    )
    flags = [
        "-std=c11",
        "-DGRAM_RAM_KB=64",
        "-DPB_VALIDATE_UTF8",
        "-isystem",
        NANOPB,
        *(f"-I{path}" for path in [*API, *(f"firmware/{d}" for d in CORE)]),
    ]
    out = run([tool, "--quiet", *sources(*(f"firmware/{d}/*.c" for d in CORE)), "--", *flags])
    return [line for line in out if not re.match(r"\d+ warnings? (generated|treated)", line)]


def main():
    count = 0
    for check in (layout, analyzer, cppcheck, clang_tidy):
        findings = check()
        print(
            f"{check.__name__}: {len(findings)} line(s)" if findings else f"{check.__name__}: nothing",
            flush=True,
        )
        for line in findings:
            print("    " + line)
        count += len(findings)
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
