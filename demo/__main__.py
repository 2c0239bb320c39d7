"""`python -m demo`: serve the demo page. `make run` sets the environment it reads."""

from __future__ import annotations

import os
import signal
import sys

from demo.gateway import Gateway
from demo.server import Server, Site

NEEDED = ("GATEWAY_URL", "DEMO_CLIENT_ID", "DEMO_CLIENT_SECRET", "CONNECT_ORIGIN")


def main() -> int:
    """Serve until stopped; 2 if the environment is not a development one."""
    if os.environ.get("DEBUG", "").lower() not in {"1", "true", "yes", "on"}:
        sys.stderr.write(
            "The demo lets anyone on this machine use its API keys: DEBUG=true only.\n"
        )
        return 2
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"Set {', '.join(missing)}, or let `make run` do it.\n")
        return 2
    gateway = Gateway(
        url=os.environ["GATEWAY_URL"].rstrip("/"),
        client_id=os.environ["DEMO_CLIENT_ID"],
        client_secret=os.environ["DEMO_CLIENT_SECRET"],
    )
    site = Site(gateway=gateway, connect_origin=os.environ["CONNECT_ORIGIN"].rstrip("/"))
    with Server(int(os.environ.get("DEMO_PORT", "8002")), site) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        sys.stdout.write(f"Demo page ready at http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
