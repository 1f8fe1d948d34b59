"""Every limit of gram/config.h says what it is, has a rule in config_check.h, and a value that breaks the rule is told by its name."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = (ROOT / "firmware/include/gram/config.h").read_text()
CHECK = (ROOT / "firmware/include/gram/config_check.h").read_text()
LIMITS = [name for name in re.findall(r"^#ifndef (GRAM_\w+)$", CONFIG, re.M) if name != "GRAM_CONFIG_H"]
SWITCHES = {"GRAM_TRACE", "GRAM_DESCRIPTORS"}  # any number will do
# Values beyond each rule.
BROKEN = {
    "GRAM_MAX_CONNECTIONS": [0, 65535],
    "GRAM_MAX_CONCURRENT_STREAMS": [1, 256],
    "GRAM_INITIAL_WINDOW_SIZE": [63, 65536],
    "GRAM_MESSAGE_BUFS": [256],
    "GRAM_MESSAGE_SIZE": [64, 16777217],
    "GRAM_HELD_REPLIES": [0, 255],
    "GRAM_TRAILERS_MAX": [127, 8193],
    "GRAM_TX_CONTROL": [127],
    "GRAM_TX_SIZE": [200, 1048577],
    "GRAM_HPACK_ENTRIES": [127, 256],
    "GRAM_METADATA_SIZE": [8, 16384],
    "GRAM_HPACK_STORE": [8, 60001],
    "GRAM_INTERCEPTOR_STATE": [12],
    "GRAM_PEER_NAME": [7],
    "GRAM_CALL_STATE": [12],
    "GRAM_REQUEST_SIZE": [12],
    "GRAM_REPLY_SIZE": [12],
    "GRAM_HEADER_LIST_MAX": [1023, 1048577],
    "GRAM_HEADER_FIELDS_MAX": [15, 4097],
    "GRAM_CONTINUATIONS_MAX": [0, 255],
    "GRAM_ABUSE_BURST": [4, 1000001],
    "GRAM_ABUSE_PER_SECOND": [0, 1000001],
    "GRAM_PREFACE_MS": [0, 1000000001],
    "GRAM_HEADERS_MS": [0, 1000000001],
    "GRAM_SETTINGS_MS": [0, 1000000001],
    "GRAM_STALL_MS": [63, 1000000001],
    "GRAM_LINGER_MS": [1000000001],
    "GRAM_GIVE_WAY_MS": [1000000001],
    "GRAM_IDLE_MS": [1900000001],
    "GRAM_CONNECTION_AGE_MS": [1900000001],
    "GRAM_CONNECTION_AGE_GRACE_MS": [1900000001],
    "GRAM_GOAWAY_MS": [1900000001],
    "GRAM_KEEPALIVE_MS": [1900000001],
    "GRAM_KEEPALIVE_TIMEOUT_MS": [0, 1900000001],
}


@pytest.fixture
def errors(tmp_path):
    """What the rules say of limits given on a command line, beside an application and a target that set none."""
    for name in ("gram_app_config.h", "gram_target_config.h"):
        (tmp_path / name).touch()
    return lambda *defines: said_of(tmp_path, defines)


def said_of(folder, defines):
    command = ["gcc", "-E", "-Ifirmware/include", f"-I{folder}", *defines, "-"]
    done = subprocess.run(command, cwd=ROOT, input='#include "gram/config_check.h"\n', capture_output=True, text=True)
    return re.findall(r'#error "(.*)"', done.stderr) if done.returncode else []


def test_every_limit_has_a_rule():
    assert {name for name in LIMITS if not re.search(rf"#.*\b{name}\b", CHECK)} == SWITCHES
    assert set(BROKEN) == set(LIMITS) - SWITCHES


def test_defaults_break_none(errors):
    assert errors() == [] == errors("-DGRAM_METADATA_SIZE=256")


@pytest.mark.parametrize("name", BROKEN)
def test_rule(errors, name):
    for value in BROKEN[name]:
        # there is no store without metadata
        said = errors(f"-D{name}={value}", *["-DGRAM_METADATA_SIZE=256"] * (name == "GRAM_HPACK_STORE"))
        # what the lines are about; a name may be shortened to .._AGE_GRACE_MS behind another
        about = " ".join(clause.split(":")[0] for line in said for clause in line.split(";"))
        short = ".." + name.removeprefix("GRAM_CONNECTION").removeprefix("GRAM_KEEPALIVE")
        assert re.search(rf"\b{name}\b", about) or short in about, f"{name} {value}: {said}"


def test_every_limit_is_explained():
    """A comment ends right before it, or before the limits above it, with which it forms a group."""
    for name in LIMITS:
        assert CONFIG[: CONFIG.index(f"#ifndef {name}\n")].endswith(("*/\n", "#endif\n")), name
