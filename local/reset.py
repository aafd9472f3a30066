"""``make reset``: forget the state of the local run."""

import os
import sys
from pathlib import Path

from local.options import ROOT, CannotRun, forget


def main() -> int:
    try:
        forget(Path(os.environ.get("STATE_DIR") or ROOT / ".local").expanduser().absolute())
    except CannotRun as reason:
        print(f"miINTI: {reason}", file=sys.stderr)
        return 1
    return 0
