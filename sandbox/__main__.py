"""`python -m sandbox`: migrate, seed, serve."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

TRUE = {"1", "true", "yes", "on"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ANY_ADDRESS = {"0.0.0.0", "::", "*", ""}  # noqa: S104 - to recognise them


def main() -> None:
    options = _options()
    if os.environ.get("DEBUG", "").lower() not in TRUE:
        _refuse("The MX sandbox is for development: set DEBUG=true, or use `make sandbox`.")
    if (
        options.host not in LOOPBACK
        and os.environ.get("SANDBOX_ALLOW_REMOTE", "").lower() not in TRUE
    ):
        _refuse("The MX sandbox serves this machine only; SANDBOX_ALLOW_REMOTE=true lifts that.")
    database = Path(options.database)
    if options.reset:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
    database.parent.mkdir(parents=True, exist_ok=True)
    os.environ["SANDBOX_DATABASE"] = str(database)
    if options.host not in LOOPBACK | ANY_ADDRESS:
        names = f"{os.environ.get('SANDBOX_ALLOWED_HOSTS', '')},{options.host}"
        os.environ["SANDBOX_ALLOWED_HOSTS"] = names
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    _serve(options.host, options.port, database.with_suffix(".json"))


def _options() -> argparse.Namespace:
    environment = os.environ
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(environment.get("SANDBOX_PORT", "8001")))
    parser.add_argument(
        "--database", default=environment.get("SANDBOX_DATABASE", "var/sandbox.sqlite3")
    )
    parser.add_argument("--reset", action="store_true", help="start with an empty database")
    return parser.parse_args()


def _refuse(reason: str) -> None:
    print(reason, file=sys.stderr)
    raise SystemExit(2)


def _serve(host: str, port: int, address_file: Path) -> None:
    # Django must not be imported before its settings are chosen.
    import django
    from django.core.management import call_command
    from gunicorn.app.base import BaseApplication

    django.setup()
    call_command("migrate", verbosity=0)

    from sandbox.world import scheduler, seeding

    seeding.load_or_create()

    class Server(BaseApplication):
        def load_config(self) -> None:
            values: dict[str, Any] = {
                "bind": f"{host}:{port}",
                "worker_class": "gthread",
                "threads": 32,
                "graceful_timeout": 2,
                "keepalive": 75,  # seconds, as load balancers have it: idle callers are not cut off
                "loglevel": "warning",
                "when_ready": lambda server: _announce(server, address_file),
                "on_exit": lambda server: address_file.unlink(missing_ok=True),
                "post_worker_init": lambda worker: scheduler.start(),
                "control_socket_disable": True,
            }
            for name, value in values.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            from django.core.wsgi import get_wsgi_application

            return get_wsgi_application()

    Server().run()


def _announce(server: Any, address_file: Path) -> None:
    host, port = server.LISTENERS[0].sock.getsockname()[:2]
    url = f"http://{host}:{port}"
    address_file.write_text(json.dumps({"url": url, "pid": os.getpid()}))  # for sandbox.advance
    print(f"MX sandbox ready at {url}", flush=True)


if __name__ == "__main__":
    main()
