"""The fixtures stand in fixtures.py, since tests/conformance uses them too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from case_table import *  # noqa: E402, F403
from fixtures import *  # noqa: E402, F403
