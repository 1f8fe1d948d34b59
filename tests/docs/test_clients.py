"""docs/clients/README.md, run as a reader would: each language's commands once, in a copy of the repository's files, then each
application's client against a server just started. It prints what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/clients/README.md").read_text()
sys.path.insert(0, str(ROOT / "tests" / "interop"))

import apps  # noqa: E402
import prepare  # noqa: E402
import targets  # noqa: E402

EXPECTED = dict(re.findall(r"^### ([\w-]+)\n\n```\n(.*?)^```$", PAGE, re.M | re.S))


def commands(language):
    """(what prepares, the line that runs `users`)."""
    block = re.search(rf"^## {language}\n.*?^```sh\n(.*?)^```$", PAGE, re.M | re.S).group(1)
    before, _, last = block.rstrip("\n").rpartition("\n")
    return before, last


@pytest.fixture(scope="module", params=["Go", "Python"])
def ready(request, tmp_path_factory):
    """The files that the commands need, a protoc (the one that is in grpcio-tools), and what a language generates.

    A function that runs a command there."""
    copy = tmp_path_factory.mktemp(request.param)
    left_out = shutil.ignore_patterns("bin", "pb", "*_pb2*", "__pycache__")
    shutil.copytree(ROOT / "docs" / "clients", copy / "docs" / "clients", ignore=left_out)
    shutil.copytree(ROOT / "proto", copy / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    protoc = copy / "path" / "protoc"
    protoc.parent.mkdir()
    protoc.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m grpc_tools.protoc "$@"\n')
    protoc.chmod(0o755)
    folders = [protoc.parent, Path(sys.executable).parent, Path(prepare.find_go()).parent]
    env = {**os.environ, "PATH": ":".join([*map(str, folders), os.environ["PATH"]])}

    def sh(text, where):
        return subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=where,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=140,
        )

    before, last = commands(request.param)
    done = sh(before, copy)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = copy / re.match(r"cd (\S+)\n", before).group(1)
    return lambda app, address: sh(
        last.replace("localhost:50051", address).replace(
            "users", app if request.param == "Go" else app.replace("-", "_")
        ),
        folder,
    )


def plain(text):
    """Where Python prints NOT_FOUND, Go prints NotFound."""
    return text.replace("_", "").lower()


@pytest.mark.parametrize("app", EXPECTED)
def test_client(ready, app):
    server = targets.make_target("sim", targets.PORTS).start(app)
    done = ready(app, server.address)
    status = server.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert plain(done.stdout) == plain(EXPECTED[app])
    assert status == 0 and server.output[-1] == targets.ENDED_WELL, server.text()


def test_every_application_has_clients():
    assert set(EXPECTED) == set(apps.SERVICES) - {"interop"}


def test_links():
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs/clients" / link).is_file(), link
