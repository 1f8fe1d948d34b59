#!/usr/bin/env python3
"""Sees that the machine has the tools a part of the build needs, and installs what is missing.

    need.py PART...            parts: run certs firmware qemu check fuzz bench lint

Each line of NEEDS is probed by trying it, so a compiler from anywhere will do. What is missing is named with
its reason, then installed with apt-get as root or through sudo; where that cannot be, the exact command is
printed and the exit status is 1. When nothing is missing, nothing is printed and nothing is run.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

Need = namedtuple("Need", "packages why probe")


def command(*names):
    return lambda: any(shutil.which(name) for name in names)


def module(*names):
    return (
        lambda: subprocess.run(
            [sys.executable, "-c", "import " + ",".join(names)], capture_output=True
        ).returncode
        == 0
    )


def compiles(compiler, flags, source):
    """Whether a compiler is there that makes a program of this source."""

    def probe():
        found = [shutil.which(name) for name in compiler]
        if not any(found):
            return False
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.c"
            path.write_text(source)
            args = [next(filter(None, found)), *flags, str(path), "-o", str(path.with_suffix(""))]
            # flags that name a library come last, or the linker drops it
            args += [flag for flag in flags if flag.startswith("-l")]
            return subprocess.run(args, capture_output=True).returncode == 0

    return probe


CLANG = ["clang", *(f"clang-{n}" for n in range(22, 13, -1))]
HELLO = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
FUZZER = (
    "#include <stdint.h>\n#include <stddef.h>\n"
    "int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { return !d && n; }\n"
)
X86 = platform.machine() in ("x86_64", "amd64")

NEEDS = {
    "run": [
        Need(["gcc", "libc6-dev"], "compiles the simulator", compiles(["gcc"], [], HELLO)),
        Need(
            ["libslirp-dev"],
            "is the simulator's network: it needs no privileges",
            compiles(
                ["gcc"],
                ["-lslirp"],
                "#include <slirp/libslirp.h>\nint main(void) { return !slirp_version_string(); }\n",
            ),
        ),
        Need(["python3-venv"], "holds the code generator (nanopb, protoc)", module("venv", "ensurepip")),
        Need(
            ["ca-certificates"],
            "lets Python's package index be trusted",
            lambda: Path("/etc/ssl/certs/ca-certificates.crt").exists() or not shutil.which("apt-get"),
        ),
    ],
    "firmware": [
        Need(
            ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi"],
            "compiles the firmware images",
            compiles(
                ["arm-none-eabi-gcc"],
                ["-mcpu=cortex-m3", "-mthumb", "--specs=nano.specs", "-nostartfiles"],
                "#include <string.h>\nchar b[8];\nvoid _start(void) { memset(b, 1, strlen(b)); }\n",
            ),
        ),
    ],
    "certs": [Need(["openssl"], "makes certificates for development", command("openssl"))],
    "qemu": [Need(["qemu-system-arm"], "runs the firmware images", command("qemu-system-arm"))],
    "check": [
        Need(
            ["libnghttp2-dev"],
            "is the independent HTTP/2 peer of the tests",
            compiles(
                ["gcc"],
                ["-lnghttp2"],
                "#include <nghttp2/nghttp2.h>\nint main(void) { return !nghttp2_version(0); }\n",
            ),
        ),
        Need(
            ["libc6-dev", "gcc"],
            "carries the sanitizers",
            compiles(["gcc"], ["-fsanitize=address,undefined"], HELLO),
        ),
    ]
    + (
        [
            Need(
                ["gcc-multilib"],
                "compiles the tests for 32 bits",
                compiles(["gcc"], ["-m32", "-fsanitize=address,undefined"], HELLO),
            )
        ]
        if X86
        else []
    ),
    "fuzz": [
        Need(
            ["clang", "libclang-rt-dev"],
            "carries the fuzzer",
            compiles(CLANG, ["-fsanitize=fuzzer,address,undefined"], FUZZER),
        ),
    ],
    "bench": [Need(["nghttp2-client"], "has h2load, which calls the sockets port", command("h2load"))],
    "lint": [
        Need(["cppcheck"], "checks the sources", command("cppcheck")),
        Need(
            ["clang-tidy"],
            "checks the sources",
            command("clang-tidy", *(f"clang-tidy-{n}" for n in range(22, 13, -1))),
        ),
    ],
}


def run(args):
    print("gram: " + " ".join(args), flush=True)
    return subprocess.run(args, stdin=subprocess.DEVNULL if not sys.stdin.isatty() else None).returncode == 0


def lists_are_empty():
    return not any(Path("/var/lib/apt/lists").glob("*_Packages*"))


def known(package):
    """Whether apt has it: libclang-rt-dev is a package since Debian 12, and part of another before."""
    done = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return "Candidate: " in done.stdout and "Candidate: (none)" not in done.stdout


def install(missing):
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    packages = list(dict.fromkeys(p for need in missing for p in need.packages))
    plain = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    if shutil.which("apt-get") is None:
        print(
            "gram: there is no apt-get here: install the equivalent of these packages: " + " ".join(packages)
        )
        return False
    able = not as_root or (
        shutil.which("sudo") is not None
        and (
            sys.stdin.isatty() or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
        )
    )
    if not able:
        print(
            "gram: install them with this command, then try again:\n"
            f"    sudo sh -c 'apt-get update && {' '.join(plain[:4] + packages)}'"
        )
        return False
    quiet = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive"]
    if lists_are_empty() and not run([*as_root, "apt-get", "update", "-q"]):
        return False
    packages = [p for p in packages if known(p)] or packages
    if run([*quiet, *plain, "-q", *packages]):
        return True
    # the lists may be older than what the mirror still has
    return run([*as_root, "apt-get", "update", "-q"]) and run([*quiet, *plain, "-q", *packages])


def main(parts):
    for part in parts:
        if part not in NEEDS:
            sys.exit(f"gram: need.py knows {' '.join(NEEDS)}, not {part}")
    needs = [need for part in parts for need in NEEDS[part]]
    missing = [need for need in needs if not need.probe()]
    if not missing:
        return
    print("gram: missing on this machine:")
    for need in missing:
        print(f"    {' '.join(need.packages):40} {need.why}")
    if not install(missing):
        sys.exit(1)
    still = [need for need in missing if not need.probe()]
    if still:
        sys.exit(
            f"gram: {' '.join(p for n in still for p in n.packages)} installed, and yet it does not work: "
            "see the output above"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
