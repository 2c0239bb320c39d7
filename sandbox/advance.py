"""`python -m sandbox.advance 3d`: move the clock of a running sandbox.

Without --url and SANDBOX_PORT it is the sandbox of this checkout, on whatever port it runs.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

import requests

VAR = Path(__file__).resolve().parent.parent / "var"
TIMEOUT = (3.05, 600)  # seconds; weeks with many members take a while
NOTHING_RUNS = (
    "No sandbox of this checkout is running. Start one with `make run` or `make sandbox`, or name "
    "another one: --url http://127.0.0.1:8001"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.advance", description=__doc__)
    parser.add_argument("span", help="90s, 15m, 3h, 2d or 1w")
    parser.add_argument("--url", help="where the sandbox is; default: the one of this checkout")
    options = parser.parse_args()
    port = os.environ.get("SANDBOX_PORT")
    base = options.url or (f"http://127.0.0.1:{port}" if port else running(VAR))
    if base is None:
        sys.exit(NOTHING_RUNS)
    with requests.Session() as session:
        session.trust_env = False
        try:
            url = f"{base.rstrip('/')}/_control/clock"
            response = session.post(url, json={"advance": options.span}, timeout=TIMEOUT)
            content = response.json()
        except (requests.RequestException, ValueError):
            sys.exit(f"No sandbox answers at {base}.")
    if not response.ok:
        sys.exit(f"{base} refused: {content['error']['message']}")
    print(f"It is {content['now']} in the sandbox at {base}.")


def running(directory: Path) -> str | None:
    """The sandbox whose files are in `directory`: that of `make run`, or one that runs alone."""
    stack = _read(directory / "stack.json")
    if "sandbox" in stack and not _is_free(directory / "stack.lock"):
        return str(stack["sandbox"])
    alone = _read(directory / "sandbox.json")
    return str(alone["url"]) if "url" in alone and _is_alive(alone.get("pid")) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def _is_free(lock: Path) -> bool:
    """Whether a `make run` that was killed has left this lock behind: while it runs it holds it."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # held, or there is none
        return False
    return True


def _is_alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (OSError, TypeError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
