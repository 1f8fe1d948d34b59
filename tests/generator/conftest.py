"""What the generator's tests share: a project folder of its own, in which the generator and compilers are run.

Run from the repository's root: build/venv/bin/python -m pytest tests/generator
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "proto" / "protoc-gen-gram"
NANOPB = ROOT / os.environ.get("NANOPB_DIR", "build/deps/nanopb")

WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wstrict-prototypes", "-Werror"]
HOST = ["gcc", *WARNINGS]
ARM = ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", *WARNINGS]
CLANG = next((c for c in ("clang", *(f"clang-{n}" for n in range(22, 13, -1))) if shutil.which(c)), "clang")
CPP = [CLANG, "-x", "c++", "-std=c++11", "-nostdinc++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def run(args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, **more)


class Project:
    """A user's folder: proto/, gen/ and the two configuration headers."""

    def __init__(self, folder):
        self.folder = folder
        self.write("config/gram_app_config.h", "")
        self.write("config/gram_target_config.h", "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def config(self, **limits):
        self.write("config/gram_app_config.h", "".join(f"#define {k} {v}\n" for k, v in limits.items()))

    def generate(self, *protos, include=("proto",), more=()):
        folders = [arg for d in include for arg in ("-I", d)]
        return run([sys.executable, GENERATOR / "generate.py", *folders, "--out", "gen", "--list", "gen/list", *more,
                    *protos], cwd=self.folder)

    def generated(self, *protos, **more):
        """Generates, which must work without a word, and returns the .c files."""
        done = self.generate(*protos, **more)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
        return (self.folder / "gen/list").read_text().split()

    def failing(self, *protos, **more):
        """Generates, which must fail and write nothing, and returns the lines of what it says."""
        done = self.generate(*protos, **more)
        assert done.returncode == 1, done.stderr
        assert not (self.folder / "gen").exists()
        return done.stderr.splitlines()

    def includes(self):
        return ["-Igen", "-Iconfig", f"-I{NANOPB}", f"-I{ROOT / 'firmware/include'}"]

    def compile(self, sources, compiler=HOST, flags=()):
        """What the compiler says of the sources; "" if it likes them all."""
        done = run([*compiler, "-fsyntax-only", *flags, *self.includes(), *sources], cwd=self.folder)
        assert (done.returncode == 0) == (done.stderr == ""), done.stderr
        return done.stderr

    def build(self, sources, flags=("-g", "-fsanitize=address,undefined")):
        """A program of the sources and nanopb, run: what it prints."""
        nanopb = [NANOPB / f"pb_{part}.c" for part in ("common", "encode", "decode")]
        done = run([*HOST, *flags, *self.includes(), *sources, *nanopb, "-o", "program"],
                   cwd=self.folder)
        assert done.returncode == 0, done.stderr
        done = run(["./program"], cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project(tmp_path):
    assert (NANOPB / "pb.h").exists(), f"nanopb is not in {NANOPB}: run make test, or set NANOPB_DIR"
    return Project(tmp_path)


@pytest.fixture
def one(project):
    """A project of one file: one(proto_text, options_text) writes proto/x.proto."""
    def write(proto, options=""):
        project.write("proto/x.proto", proto)
        project.write("proto/x.options", options)
        return project
    return write
