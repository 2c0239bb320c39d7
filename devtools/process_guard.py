"""Stops processes whose parent is gone: `python process_guard.py SECONDS < pipe`.

The parent holds the other end of the pipe and writes the id of every process group it starts. The
pipe ends when the parent does, however that happened; then each group is asked to stop, and killed
if it has not after SECONDS. It imports nothing of ours, so that it starts fast.
"""

from __future__ import annotations

import os
import signal
import sys
import time

POLL_SECONDS = 0.1


def main() -> None:
    groups = [int(line) for line in sys.stdin]  # ends with the parent
    _send(groups, signal.SIGTERM)
    deadline = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < deadline:
        groups = [group for group in groups if _exists(group)]
        if not groups:
            return
        time.sleep(POLL_SECONDS)
    _send(groups, signal.SIGKILL)


def _send(groups: list[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
