"""docs/clients/README.md, run as a reader would: each language's commands in a copy of the repository's
files, with a server just started, print what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "clients" / "README.md"
sys.path.insert(0, str(ROOT / "tests" / "interop"))

import prepare  # noqa: E402
import targets  # noqa: E402

PORTS = (21000, 29999)


@pytest.fixture
def copy(tmp_path):
    """The files that the commands need, and a protoc: the one that is in grpcio-tools."""
    left_out = shutil.ignore_patterns("bin", "userpb", "users_pb2*", "__pycache__")
    shutil.copytree(ROOT / "docs" / "clients", tmp_path / "docs" / "clients", ignore=left_out)
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    protoc = tmp_path / "path" / "protoc"
    protoc.parent.mkdir()
    protoc.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m grpc_tools.protoc "$@"\n')
    protoc.chmod(0o755)
    return tmp_path


@pytest.fixture
def server():
    found = targets.make_target("sim", PORTS).start("users")
    yield found
    assert found.stop() == 0
    assert found.output[-1] == targets.ENDED_WELL, found.text()


@pytest.mark.parametrize("language", ["Go", "Python"])
def test_client(copy, server, language):
    flags = re.MULTILINE | re.DOTALL
    section = re.search(rf"^## {language}\n(.*?)(?=^## |\Z)", PAGE.read_text(), flags).group(1)
    commands, expected = re.findall(r"^```\w*\n(.*?)^```", section, flags)
    folders = [copy / "path", Path(sys.executable).parent, Path(prepare.find_go()).parent]
    env = {**os.environ, "PATH": ":".join([*map(str, folders), os.environ["PATH"]])}
    done = subprocess.run(
        ["sh", "-e", "-c", commands.replace("localhost:50051", server.address)],
        cwd=copy,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=140,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == expected
