"""`manage.py up`: the whole product on this machine, for development (`make run`)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from devtools import demo_credentials, run_lock
from devtools.processes import ProcessError, Service, Stack, port_holder, port_is_free
from gateway.boot import startup
from gateway.boot.checks import dot_env_conflicts
from integrations.models import VendorCredential

READY_SECONDS = 120  # what ends before is named at once
SECRETS = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "BROKER_URL"}
WEBHOOK_USER = "mx"
TIMEOUT = (3.05, 10)
TENANT, ADMIN = "demo", "admin"
IN_STACK_FILE = (
    "client_id", "client_secret", "admin_password", "mx_api", "sandbox_client_id",
    "sandbox_api_key",
)  # fmt: skip


class Command(BaseCommand):
    """Prepares the database and the demo tenant, then runs everything until Ctrl-C."""

    requires_system_checks: list[str] = []  # the first thing to say in production is "not here"
    help = "Run gateway, worker, MX sandbox and demo page together (development only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--directory",
            type=Path,
            default=settings.VAR_DIR,
            help="where the demo credentials, the sandbox's database and stack.json live",
        )
        parser.add_argument(
            "--attached",
            action="store_true",
            help="stop when the process that started this one is gone, however it ended",
        )

        parser.add_argument(
            "--api",
            choices=demo_credentials.APIS,
            default="platform",
            help="the API of MX that the demo tenant uses, in its newest version or in this one",
        )

    def handle(self, *args: Any, directory: Path, attached: bool, api: str, **options: Any) -> None:
        parent = os.getppid() if attached else None
        refuse_production()
        ports = {
            "PORT": settings.PORT,
            "SANDBOX_PORT": settings.SANDBOX_PORT,
            "DEMO_PORT": int(os.environ.get("DEMO_PORT", "8002")),
        }
        addresses = (f"http://127.0.0.1:{port}" for port in ports.values())
        urls = dict(zip(("gateway", "sandbox", "demo"), addresses, strict=True))
        os.umask(0o077)  # databases and credentials are nobody else's business
        directory.mkdir(parents=True, exist_ok=True)
        with _only_one(directory, urls):
            _refuse_busy_ports(ports)
            self._prepare_and_run(directory, urls, parent, api)

    def _prepare_and_run(
        self, directory: Path, urls: dict[str, str], parent: int | None, api: str
    ) -> None:
        credentials = demo_credentials.load(directory / "demo-credentials.json", api)
        self.stdout.write("Preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        webhook_url = _provision(credentials, urls["sandbox"])
        credentials["webhook_url"] = urls["gateway"] + urlsplit(webhook_url).path
        self._run(directory, urls, credentials, parent)

    def _run(
        self, directory: Path, urls: dict[str, str], credentials: dict[str, str], parent: int | None
    ) -> None:
        state = directory / "stack.json"
        state.unlink(missing_ok=True)
        try:
            with Stack(_services(directory, urls, credentials)) as stack:
                if stack.wait_ready(READY_SECONDS, parent=parent):
                    _register_webhook(urls["sandbox"], credentials)
                    shown = {name: credentials[name] for name in IN_STACK_FILE}
                    demo_credentials.write_private(state, urls | shown)
                    self.stdout.write(_summary(urls, credentials))
                    stack.watch(parent=parent)
                self.stdout.write("Stopping")
        except ProcessError as error:
            raise CommandError(f"Stopped everything: {error}") from error
        finally:
            state.unlink(missing_ok=True)


def refuse_production() -> None:
    """Raises CommandError, or leaves an environment in which DEBUG=true is explicit."""
    if not settings.DEVELOPMENT:
        raise CommandError("`up` is for development: set DEBUG=true. See README.md#production.")
    # People develop with a PostgreSQL server, too; nothing else of production belongs here.
    if conflicts := set(dot_env_conflicts()) - {"DATABASE_URL"}:
        raise CommandError(
            f"The environment looks like production ({', '.join(sorted(conflicts))}), "
            "and `up` is for development. Unset these variables, or set DEBUG=true if it is meant."
        )
    startup.refuse_unsafe_settings(accepted={"gateway.E006"})
    os.environ["DEBUG"] = "true"  # for the processes of the stack


@contextmanager
def _only_one(directory: Path, urls: dict[str, str]) -> Iterator[None]:
    """Hold the directory, and the database where it is a file: two stacks would spoil both.

    Raises:
        CommandError: another stack runs with one of them.
    """
    holder = urls | {"pid": str(os.getpid())}
    paths = [directory / "stack.lock"]
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        paths.append(Path(f"{database['NAME']}.lock"))
    try:
        with ExitStack() as locks:
            for path in paths:
                locks.enter_context(run_lock.exclusive(path, holder))
            yield
    except run_lock.Locked as error:
        url, pid = error.holder.get("gateway", "?"), error.holder.get("pid", "?")
        raise CommandError(
            f"This checkout is running already: {url} (pid {pid}). Stop it with Ctrl-C there, or "
            f"`kill {pid}`. A second stack needs another checkout, or --directory and DATABASE_URL "
            "of its own; other ports alone are not enough."
        ) from error


def _refuse_busy_ports(ports: dict[str, int]) -> None:
    for name, port in ports.items():
        if not port_is_free(port):
            pid = port_holder(port)
            raise CommandError(
                f"Port {port} is in use{f' by process {pid}' if pid else ''}. Stop that, or choose "
                f"another port: {name}={port + 100} make run"
            )


def _provision(credentials: dict[str, str], sandbox_url: str) -> str:
    """The demo tenant, by the command that sets up real ones; secrets go by the environment.

    Returns the URL for the vendor's webhooks.
    """
    options = f"""--tenant {TENANT} --tenant-name Demo --admin-user {ADMIN}
        --application Demo --client-id {credentials["client_id"]} --allow-passwords
        --webhook-user {WEBHOOK_USER}""".split()
    if not _has_real_credential():
        api, _, version = credentials["mx_api"].partition("/")
        options += f"""--api {api} --api-version={version} --environment custom
            --base-url {sandbox_url}
            --vendor-client-id {credentials["sandbox_client_id"]}""".split()
    output = StringIO()
    passed = {
        "CLIENT_SECRET": credentials["client_secret"],
        "VENDOR_SECRET": credentials["sandbox_api_key"],
        "ADMIN_PASSWORD": credentials["admin_password"],
        "WEBHOOK_SECRET": credentials["webhook_secret"],
    }
    try:
        with _environment(passed):
            call_command("provision", *options, stdout=output)
    except CommandError as error:
        raise CommandError(f"The demo tenant could not be set up: {error}") from error
    return str(json.loads(output.getvalue())["settings"]["webhook_url"])


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Variables of this process for a while; those that it starts later do not get them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _register_webhook(sandbox: str, credentials: dict[str, str]) -> None:
    """Tell the sandbox where its news goes; at MX itself people do this on its dashboard."""
    url = credentials["webhook_url"]
    api, _, version = credentials["mx_api"].partition("/")
    with requests.Session() as session:
        session.trust_env = False
        listed = session.get(f"{sandbox}/_control/webhooks", timeout=TIMEOUT).json()["webhooks"]
        for webhook in listed:
            if urlsplit(webhook["url"]).path == urlsplit(url).path:
                session.delete(f"{sandbox}/_control/webhooks/{webhook['id']}", timeout=TIMEOUT)
        hook = {
            "url": url,
            "username": WEBHOOK_USER,
            "password": credentials["webhook_secret"],
            "api": api,
            "version": version or None,
        }
        session.post(f"{sandbox}/_control/webhooks", json=hook, timeout=TIMEOUT)


def _has_real_credential() -> bool:
    """Whether somebody has pointed the demo tenant at MX itself; then it stays so."""
    credentials = VendorCredential.unscoped.filter(tenant__slug=TENANT, is_active=True)
    return credentials.exclude(base_url__startswith="http://127.0.0.1:").exists()


def _services(directory: Path, urls: dict[str, str], credentials: dict[str, str]) -> list[Service]:
    manage = [sys.executable, "manage.py"]
    # Neither the sandbox nor the demo has any business with the gateway's secrets.
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    environment["DEBUG"] = "true"
    # People try things for weeks; the limit of MX's test environment would only be in their way.
    own_bank = {"SANDBOX_USER_LIMIT": "0"} | environment
    sandbox = [sys.executable, "-m", "sandbox", "--port", str(settings.SANDBOX_PORT)]
    sandbox += ["--database", str((directory / "sandbox.sqlite3").resolve())]
    services = [
        Service(
            "sandbox",
            sandbox,
            own_bank,
            url=urls["sandbox"],
        ),
        Service("gateway", _gunicorn(), url=f"{urls['gateway']}/health/ready"),
        Service("worker", [*manage, "work"]),
        Service(
            "demo",
            [sys.executable, "-m", "demo"],
            environment
            | {
                "GATEWAY_URL": urls["gateway"],
                "CONNECT_ORIGIN": urls["sandbox"],
                "DEMO_PORT": urls["demo"].rsplit(":", 1)[1],
                "DEMO_CLIENT_ID": credentials["client_id"],
                "DEMO_CLIENT_SECRET": credentials["client_secret"],
            },
            url=urls["demo"],
        ),
    ]
    if settings.BROKER_URL:
        celery = [sys.executable, "-m", "celery", "--app", "celery_app", "worker"]
        services.append(Service("celery", [*celery, "--concurrency", "2"]))
        services.append(Service("relay", [*manage, "relay"]))
    return services


def _gunicorn() -> list[str]:
    # Preloaded, because importing everything takes longer than all else of a start.
    options = f"""--config python:gateway.gunicorn_conf --preload --bind 127.0.0.1:{settings.PORT}
        --workers 2 --threads 8 --graceful-timeout 5 --log-level warning""".split()
    return [sys.executable, "-m", "gunicorn", *options, "gateway.wsgi"]


def _summary(urls: dict[str, str], credentials: dict[str, str]) -> str:
    rows = [
        ("Demo page", urls["demo"]),
        ("API", urls["gateway"]),
        ("  documentation", f"{urls['gateway']}/docs"),
        ("  client id", credentials["client_id"]),
        ("  client secret", credentials["client_secret"]),
        ("Admin", f"{urls['gateway']}/admin/"),
        ("  user", ADMIN),
        ("  password", credentials["admin_password"]),
        ("MX sandbox", urls["sandbox"]),
        ("  API", credentials["mx_api"]),
        ("  client id", credentials["sandbox_client_id"]),
        ("  API key", credentials["sandbox_api_key"]),
    ]
    lines = [f"  {name:<16}{value}" for name, value in rows]
    rule = "-" * (max(len(line) for line in lines) + 2)
    return "\n".join(["", rule, *lines, rule, "Ctrl-C stops everything. Data stays in var/.", ""])
