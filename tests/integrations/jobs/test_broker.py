"""Each problem with the broker is named, with a fix and without the password."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import kombu.transport
import pytest
import redis
from django.core.management import call_command

from celery_app import waker
from celery_app.app import app
from gateway.diagnostics import installation
from integrations.jobs import broker
from integrations.jobs.broker import ProblemKind
from tests.faults import services

pytestmark = pytest.mark.skipif(not services.HAS_REDIS, reason="no redis-server")
PASSWORD = "open-sesame-4711"


@pytest.fixture(scope="module")
def locked() -> Iterator[int]:
    """The port of a Redis that wants a password."""
    server = services.Redis(services.free_port(), PASSWORD)
    server.start()
    yield server.port
    server.send(signal.SIGKILL)


@pytest.fixture(scope="module")
def not_redis() -> Iterator[int]:
    """The port of a web server."""
    port = services.free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        services.wait_for_port(port)
        yield port
        process.kill()


def published(url: str) -> broker.Problem | None:
    """What publishing there ends with."""
    options = broker.celery_settings(url)
    transport, tls = options["broker_transport_options"], options.get("broker_use_ssl")
    try:
        with app.connection_for_write(url, transport_options=transport, ssl=tls) as connection:
            app.send_task("gateway.none", connection=connection, retry=False)
    except Exception as error:
        return broker.diagnose(error, url)
    return None


def test_a_working_broker_has_no_problem(locked: int):
    url = f"redis://:{PASSWORD}@127.0.0.1:{locked}/0"
    assert broker.probe(url) is None
    assert published(url) is None


@pytest.mark.parametrize(
    ("url", "kind", "text"),
    [
        (
            "redis://:wrong-{password}@127.0.0.1:{locked}/0",
            ProblemKind.REFUSED_PASSWORD,
            "correct it",
        ),
        ("redis://me:{password}@127.0.0.1:{locked}/0", ProblemKind.REFUSED_PASSWORD, "user name"),
        ("redis://127.0.0.1:{locked}/0", ProblemKind.REFUSED_PASSWORD, "wants a password"),
        ("redis://:{password}@127.0.0.1:{locked}/99", ProblemKind.WRONG_URL, "no such database"),
        ("redis://:{password}@127.0.0.1:{not_redis}/0", ProblemKind.WRONG_URL, "not Redis"),
        ("redis://:{password}@127.0.0.1:{locked}/first", ProblemKind.WRONG_URL, "database number"),
        ("redis://:{password}@127.0.0.1:port/0", ProblemKind.WRONG_URL, "port number"),
        ("redis://:{password}@127.0.0.1:70000/0", ProblemKind.WRONG_URL, "port number"),
        ("redis://:{password}/x@127.0.0.1:6379/0", ProblemKind.WRONG_URL, "not a URL"),
        ("redis://:{password}@no-such-host.invalid/0", ProblemKind.WRONG_URL, "cannot be resolved"),
        ("unix:///run/{password}.sock", ProblemKind.WRONG_URL, "unix://"),
        ("http://:{password}@127.0.0.1:{locked}", ProblemKind.WRONG_URL, "http://"),
        ("127.0.0.1:{locked}", ProblemKind.WRONG_URL, "redis://"),
        ("rediss://:{password}@127.0.0.1:{locked}/0", ProblemKind.UNREACHABLE, "TLS"),
        ("redis://:{password}@127.0.0.1:{free}/0", ProblemKind.UNREACHABLE, "Nothing listens"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_problems_are_classified_without_the_password(
    url: str, kind: ProblemKind, text: str, locked: int, not_redis: int
):
    ports = {"locked": locked, "not_redis": not_redis, "free": services.free_port()}
    url = url.format(password=PASSWORD, **ports)
    for problem in (broker.probe(url), published(url)):
        assert problem is not None
        assert problem.kind is kind
        assert text in problem.message
        assert PASSWORD not in problem.message


def test_a_redis_that_hangs_or_dies_is_unreachable():
    with services.broker() as server:
        assert broker.probe(server.url) is None
        server.send(signal.SIGSTOP)
        for problem in (broker.probe(server.url), published(server.url)):
            assert problem is not None
            assert (problem.kind, "in time" in problem.message) == (ProblemKind.UNREACHABLE, True)
        server.send(signal.SIGCONT)
        with redis.Redis.from_url(server.url) as connected:
            connected.ping()
            server.send(signal.SIGKILL)
            with pytest.raises(redis.RedisError) as raised:
                connected.ping()
            problem = broker.diagnose(raised.value, server.url)
            assert (problem.kind, "Nothing listens" in problem.message) == (
                ProblemKind.UNREACHABLE,
                True,
            )


def test_a_full_redis_refuses_work():
    with services.broker() as server, redis.Redis.from_url(server.url) as connected:
        connected.config_set("maxmemory", "1")
        problem = published(server.url)
        assert problem is not None
        assert problem.kind is ProblemKind.REFUSES_WORK


def test_a_missing_package_is_named(locked: int, monkeypatch: pytest.MonkeyPatch):
    """As in an environment whose requirements lack what the transport imports."""
    monkeypatch.setitem(sys.modules, "packaging.version", None)
    monkeypatch.delitem(sys.modules, "kombu.transport.redis", raising=False)
    monkeypatch.setattr(kombu.transport, "_transport_cache", {})
    problem = published(f"redis://:{PASSWORD}@127.0.0.1:{locked}/0")
    assert problem is not None
    assert problem.kind is ProblemKind.MISSING_PACKAGE
    assert "packaging.version" in problem.message


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> waker.Publisher:
    """One that does not wait before it tries a broken broker again."""
    monkeypatch.setattr(waker, "PAUSE_SECONDS", 0.0)
    return waker.Publisher()


def test_the_waker_logs_each_kind_of_problem_once_per_outage(
    publisher: waker.Publisher,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO, "celery_app.waker")
    with services.broker() as server:
        settings.BROKER_URL = server.url
        monkeypatch.setattr(app.conf, "broker_url", server.url)
        monkeypatch.setattr(app, "_pool", None)
        monkeypatch.setattr(app.amqp, "_producer_pool", None)

        def publish(count: int) -> list[str]:
            caplog.clear()
            for _ in range(count):
                publisher.put(uuid4(), "retrieve_account")
            publisher.flush(20)
            return [record.getMessage() for record in caplog.records]

        assert publish(1) == []
        server.send(signal.SIGKILL)
        (line,) = publish(5)
        assert "unreachable" in line
        assert "Nothing listens" in line
        assert publish(5) == []
        server.start()
        assert publish(3) == ["the broker accepts messages again"]
        server.send(signal.SIGKILL)
        assert len(publish(3)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "redis://127.0.0.1:{locked}/0",
            "FIX  Redis at 127.0.0.1:{locked}, database 0 wants a pass",
        ),
        ("redis://127.0.0.1:{free}/0", "FIX  Nothing listens at 127.0.0.1:{free}"),
        (
            "redis://:{password}@127.0.0.1:{locked}/0",
            "FIX  No Celery worker listens. Start one: cel",
        ),
    ],
)
def test_doctor_reports_the_problem(
    name: str, text: str, locked: int, settings: Any, capsys: pytest.CaptureFixture[str]
):
    ports = {"locked": locked, "free": services.free_port(), "password": PASSWORD}
    settings.BROKER_URL = name.format(**ports)
    with pytest.raises(SystemExit):
        call_command("doctor")
    output = capsys.readouterr().out
    assert text.format(**ports) in output
    assert PASSWORD not in output


def test_doctor_reports_queues_without_a_reader():
    assert [finding.level for finding in installation.celery_findings({})] == ["FIX"]
    full = {"a@host": {"interactive", "webhook"}, "b@host": {"bulk"}}
    assert [finding.level for finding in installation.celery_findings(full)] == ["OK", "OK"]
    (_, unread) = installation.celery_findings({"a@host": {"interactive", "webhook"}})
    assert (unread.level, "--queues bulk" in unread.message) == ("FIX", True)
