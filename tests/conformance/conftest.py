"""The fixtures of the interop tests serve here as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))

from fixtures import *  # noqa: E402, F403
