"""docs/costs.md is what tests/knobs.py measures, and so is what each ready-made part's header says of itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/costs.md"
PART = re.compile(r"^\| `(\w+)`.* \| ([\d,]+) \|$", re.M)


def test_page():
    version = subprocess.run(["arm-none-eabi-gcc", "-dumpversion"], capture_output=True, text=True).stdout
    if not version.startswith("12.2"):
        pytest.skip(f"the page's figures are gcc 12.2's, here is {version.strip()}")
    done = subprocess.run([sys.executable, "tests/knobs.py", "--check", PAGE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_headers():
    """`Cost, Cortex-M3 -Os: 445 bytes of flash` in gram/auth.h, within 1 % (or 8 bytes) of the page."""
    compared = 0
    for name, size in PART.findall((ROOT / PAGE).read_text()):
        header = ROOT / "firmware/include/gram" / f"{name}.h"
        said = re.search(r"Cost, Cortex-M3 -Os: ([\d,]+) bytes of flash", header.read_text() if header.exists() else "")
        if not said:
            continue
        own, measured = (int(figure.replace(",", "")) for figure in (said[1], size))
        assert abs(own - measured) <= max(8, measured / 100), f"{header.name} says {own}: it is {measured}"
        compared += 1
    assert compared == 9
