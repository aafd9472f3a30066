"""MiniStack's process: ends, saving its state, when the process that started it is gone (even by ``kill -9``).

Its standard input is a pipe that only the parent holds: when the pipe closes, the parent is no more. While it lives it
holds the lock file named on its command line, with its number in it, so that a next run can wait until the state is
written; when it is written whole, it makes the second file named there.
"""

import fcntl
import os
import signal
import sys
import threading
from pathlib import Path


def _end_with_parent() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    held = Path(sys.argv[1]).open("a")  # noqa: SIM115  # held until the process ends
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    saved = Path(sys.argv[2])
    sys.argv = ["ministack"]
    from ministack.app import main

    main()
    saved.touch()
