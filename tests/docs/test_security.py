"""docs/security.md: the commands that make a device's certificate make one that a client trusts."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
sys.path.insert(0, str(ROOT / "tests" / "interop"))

import targets  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """With the development CA in build/certs, as `make certs` makes it."""
    script = ROOT / "port" / "tls" / "certs.sh"
    subprocess.run(["sh", script, tmp_path / "build" / "certs"], check=True, stdin=subprocess.DEVNULL)
    return tmp_path


def test_a_certificate_for_a_device(folder):
    commands = re.findall(r"^\$ (openssl .*)$", TEXT, re.M)
    assert len(commands) == 4
    for command in commands:
        subprocess.run(command, shell=True, cwd=folder, check=True, stdin=subprocess.DEVNULL, timeout=20)
    name = re.search(r"-servername (\S+?)`? ", TEXT).group(1)
    options = ["--tls-cert", folder / "device.crt.der", "--tls-key", folder / "device.key.der"]
    server = targets.make_target("posix", targets.PORTS).start("greeter", *options)
    grpcurl = shutil.which("grpcurl", path=f"{ROOT}/build/tools:{os.environ['PATH']}")
    done = subprocess.run(
        [grpcurl, "-cacert", folder / "build" / "certs" / "ca.crt", "-servername", name, server.address, "list"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "greet.Greeter" in done.stdout.split(), done.stderr
    server.end_well()


def test_names_exist():
    """Macros, functions and links of the page are there."""
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / link).exists(), link
    headers = "".join(path.read_text() for path in sorted((ROOT / "port" / "tls").glob("*.h")))
    headers += "".join(path.read_text() for path in sorted((ROOT / "firmware/include/gram").glob("*.h")))
    for name in set(re.findall(r"\bGRAM_[A-Z0-9_]+\b|\bgram_[a-z0-9_]+\(", TEXT)):
        assert name in headers, name
