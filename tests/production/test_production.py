"""The main flow in production mode, installed as the README says: with Celery alone."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import sql
from standardwebhooks import Webhook

from demo import comparison
from demo.bank import Mx, Widget
from demo.comparison import Row
from demo.gateway import Gateway
from demo.story import Walkthrough
from tests import mx_api, schemas, templates
from tests.production import restarts
from tests.production.deployment import GATEWAY, HOOKS, MX, STOP_SECONDS, Deployment
from tests.production.readme import blocks

WEBHOOK_USER, WEBHOOK_SECRET = "mx-hook", "canary-webhook-secret"
POLLING_WORKER = "python manage.py work"  # Celery has to do everything alone
SCRIPTS = Path(__file__).resolve().parents[2] / "deploy" / "backup"
ARRIVAL_SECONDS = 60
TYPES = ["AGGREGATION", "BALANCE", "HISTORY", "CONNECTION_STATUS"]
IMPORT_EVERYTHING = """
import importlib, pkgutil
from django.conf import settings
import django
django.setup()
for root in ("gateway", "integrations", "nucleus", "celery_app"):
    for module in pkgutil.walk_packages(importlib.import_module(root).__path__, f"{root}."):
        importlib.import_module(module.name)
"""
IMPORT_TRANSPORTS = """
import django.db, psycopg.pq
from celery_app import app
assert psycopg.pq.__impl__ == "binary", psycopg.pq.__impl__
assert django.db.connection.vendor == "postgresql"
with app.connection_for_write() as connection:
    assert connection.transport.driver_type == "redis"
"""


@pytest.fixture(scope="module")
def running(production: Deployment) -> Iterator[Deployment]:
    """Prepared and started by the README's commands, all but the polling worker."""
    _, release, processes, _ = blocks()
    for command in release:
        done = production.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    started = [command for command in processes if command != POLLING_WORKER]
    assert len(started) == len(processes) - 1 == 3
    for command in started:
        production.start(command)
    production.wait_ready()
    yield production
    production.kill()


@pytest.fixture(scope="module")
def api(running: Deployment) -> Gateway:
    """The API with the application of a tenant that `manage.py provision` has set up."""
    chosen = mx_api.chosen()
    command = (
        "python manage.py provision --tenant demo --tenant-name Demo --application app "
        f"--vendor mx --environment custom --base-url https://{MX} "
        f"--api {chosen.slug} --api-version {chosen.version} "
        f"--vendor-client-id {chosen.client_id} --webhook-user {WEBHOOK_USER} "
        "--retrieve-automatically"
    )
    done = running.run(command, VENDOR_SECRET=chosen.api_key, WEBHOOK_SECRET=WEBHOOK_SECRET)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    url = report["settings"]["webhook_url"]
    assert url.startswith(f"https://{GATEWAY}/webhooks/mx/")
    hook = {"url": url, "username": WEBHOOK_USER, "password": WEBHOOK_SECRET, "types": TYPES}
    running.sandbox.call("POST", "/_control/webhooks", json=hook)
    application = report["application"]
    return running.api(application["client_id"], application["client_secret"])


class LocalWalkthrough(Walkthrough):
    """Opens widget links at the sandbox itself: the names of the test's network are not here."""

    sandbox_url = ""

    def widget(self, **query: str) -> Widget:
        path = f"/integration/v1/widget_link/{self.client['id']}"
        link = called(self.api, "GET", f"{path}?{urlencode({'vendor_name': 'mx', **query})}")
        url: str = link["widget_url"]
        assert url.startswith(f"https://{MX}/")
        return Widget(url.replace(f"https://{MX}", self.sandbox_url))


@pytest.fixture(scope="module")
def walkthrough(running: Deployment, api: Gateway) -> Walkthrough:
    """A client with a linked bank."""
    chosen = mx_api.chosen()
    mx = Mx(running.sandbox.base_url, chosen.client_id, chosen.api_key, str(chosen))
    body = {"username": "demo", "client_type": "consumer", "first_name": "Demo"}
    created = LocalWalkthrough(api, mx, called(api, "POST", "/nucleus/v1/client", **body))
    created.sandbox_url = running.sandbox.base_url
    assert len(created.link()) >= 5
    return created


def called(api: Gateway, method: str, path: str, **body: Any) -> Any:
    """The parsed answer of a success."""
    response = api.call(method, path, json.dumps(body).encode() if body else None)
    assert response.ok, response.content
    return response.json() if response.content else None


def eventually(running: Deployment, fact: Callable[[], Any], within: float) -> float:
    """How many seconds it took until it was true."""
    started = time.monotonic()
    while not fact():
        assert time.monotonic() - started < within, running.logs()
        time.sleep(0.25)
    return time.monotonic() - started


def test_everything_imports_and_nothing_of_the_sandbox_is_there(production: Deployment):
    for script in (IMPORT_EVERYTHING, IMPORT_TRANSPORTS):
        done = production.run(f"python -c '{script}'", DJANGO_SETTINGS_MODULE="gateway.settings")
        assert done.returncode == 0, done.stderr
    assert production.run("python -c 'import pydyf'").returncode != 0


def test_doctor_sees_the_workers(running: Deployment, api: Gateway):
    (command,) = blocks()[3]
    done = running.run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reads bulk, interactive, webhook." in done.stdout
    assert "FIX" not in done.stdout
    assert "WARN" not in done.stdout


def test_a_linked_bank_arrives_through_celery_alone(running: Deployment, walkthrough: Walkthrough):
    expected = comparison.served(walkthrough.mx, walkthrough.user, walkthrough.member)
    assert {fact[0] for fact in expected} == {"balance", "transaction", "holding"}
    eventually(running, lambda: stored(walkthrough) == expected, ARRIVAL_SECONDS)


def stored(walkthrough: Walkthrough) -> comparison.Facts:
    """What Nucleus holds, less pending transactions that MX has dropped and Nucleus canceled."""
    facts = comparison.stored(walkthrough.api, walkthrough.client["id"])
    canceled = [fact for fact in facts if fact[0] == "transaction" and "canceled" in fact]
    return facts - Counter({fact: facts[fact] for fact in canceled})


@pytest.fixture(scope="module")
def hook(running: Deployment, walkthrough: Walkthrough) -> Row:
    """A webhook of the tenant's application."""
    row: Row = called(
        walkthrough.api,
        "POST",
        "/integration/v1/webhook",
        url=f"https://{HOOKS}/hooks",
        integration_service=["async_aggregation_account_transaction"],
        extended_events=["aggregation_account_status"],
    )
    return row


def test_webhooks_come_in_and_go_out(running: Deployment, walkthrough: Walkthrough, hook: Row):
    """A day later MX tells of news: Celery reads it, and tells the application, signed."""
    running.sandbox.call("POST", "/_control/clock", json={"advance": "25h"})
    expected = comparison.served(walkthrough.mx, walkthrough.user, walkthrough.member)
    assert expected != stored(walkthrough)
    eventually(running, lambda: stored(walkthrough) == expected, ARRIVAL_SECONDS)
    status = {"connection_status": "LOCKED"}
    running.sandbox.call("PUT", f"/_control/members/{walkthrough.member}", json=status)
    required = {"async_aggregation_account_transaction", "aggregation_account_status"}
    eventually(running, lambda: required <= events(running, hook), ARRIVAL_SECONDS)


def events(running: Deployment, hook: Row) -> set[str]:
    """What has come, each with a signature that verifies."""
    key = Webhook(hook["secret"])
    return {key.verify(body, headers)["event"] for headers, body in running.receiver.received}


def test_a_backup_is_restored_whole_and_every_secret_is_readable(
    running: Deployment, walkthrough: Walkthrough, tmp_path: Path
):
    backup = tmp_path / "gateway.dump"
    done = running.run(f"{SCRIPTS / 'backup.sh'} {backup}")
    assert done.returncode == 0, done.stderr
    assert backup.stat().st_mode & 0o077 == 0
    url = templates.empty_postgres(running.environment["DATABASE_URL"])
    try:
        done = running.run(f"{SCRIPTS / 'restore.sh'} {backup}", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        assert running.run("python manage.py migrate --check", DATABASE_URL=url).returncode == 0
        done = running.run("python manage.py check_encryption", DATABASE_URL=url)
        assert done.returncode == 0, done.stdout + done.stderr
        readable = re.findall(r"All (\d+) values", done.stdout)
        assert int(readable[0]) >= 3  # the keys of MX, its webhook's secret, a signing secret
        assert contents(url) == contents(running.environment["DATABASE_URL"])
        done = running.run(f"{SCRIPTS / 'restore.sh'} {backup}", DATABASE_URL=url)
        assert "Restore into an empty one" in done.stderr
        other = Fernet.generate_key().decode()
        done = running.run(
            "python manage.py check_encryption", DATABASE_URL=url, FIELD_ENCRYPTION_KEYS=other
        )
        assert done.returncode == 1
        assert "Add the keys under which they were stored" in done.stderr
    finally:
        templates.drop(running.environment["DATABASE_URL"], url)


def contents(url: str) -> tuple[set[Any], list[int]]:
    """Names of columns, indexes and constraints, and how many rows of what was imported."""
    tables = ("nucleus_aggregationaccounttransaction", "integrations_accountlink", "nucleus_client")
    with psycopg.connect(url) as database:
        counts = [
            database.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name)))
            for name in tables
        ]
        return {row[:2] for row in schemas.of(url)}, [row.fetchall()[0][0] for row in counts]


def test_a_new_release_loses_no_request(running: Deployment, api: Gateway):
    """Restarted as docs/upgrade.md says: systemd holds the port, and requests wait."""
    (command,) = [line for line in blocks()[2] if line.startswith("gunicorn")]
    with restarts.server(running, shlex.split(command)) as server:
        with restarts.traffic(
            server.url, "/nucleus/v1/client?size=1", api._bearer()[0]
        ) as requests:
            for _ in range(2):
                eventually(
                    running, partial(has_grown, requests.statuses, len(requests.statuses)), 60
                )
                server.restart()
            eventually(running, partial(has_grown, requests.statuses, len(requests.statuses)), 60)
        assert server.stop() == 0
    assert requests.errors == []
    assert set(requests.statuses) == {200}


def has_grown(items: list[int], length: int) -> bool:
    return len(items) > length + 20


def test_a_client_is_deactivated(running: Deployment, walkthrough: Walkthrough):
    path = f"/nucleus/v1/client/{walkthrough.client['id']}"
    called(walkthrough.api, "DELETE", path)
    assert called(walkthrough.api, "GET", path)["is_active"] is False


def test_everything_stops_in_order(running: Deployment, walkthrough: Walkthrough):
    """Comes last. On SIGTERM each ends by itself, in time and with nothing left."""
    started = time.monotonic()
    for command in list(running.processes):
        assert running.stop(command) == 0, running.logs()
    assert time.monotonic() - started < STOP_SECONDS
