"""`python -m sandbox.advance 3d`: move the clock of a running sandbox."""

from __future__ import annotations

import argparse
import os
import sys

import requests

PATIENCE = (3.05, 600)  # seconds; weeks with many members take a while


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.advance", description=__doc__)
    parser.add_argument("span", help="90s, 15m, 3h, 2d or 1w")
    port = os.environ.get("SANDBOX_PORT", "8001")
    parser.add_argument("--url", default=f"http://127.0.0.1:{port}", help="where the sandbox is")
    options = parser.parse_args()
    with requests.Session() as session:
        session.trust_env = False
        try:
            url = f"{options.url.rstrip('/')}/_control/clock"
            answer = session.post(url, json={"advance": options.span}, timeout=PATIENCE)
        except requests.RequestException:
            sys.exit(f"No sandbox answers at {options.url}.")
    if not answer.ok:
        sys.exit(answer.json()["error"]["message"])
    print(f"It is {answer.json()['now']} in the sandbox.")


if __name__ == "__main__":
    main()
