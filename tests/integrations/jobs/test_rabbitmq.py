"""RabbitMQ as the broker: its problems are named, and it wakes real workers.

Everything that uses the server is in this file, so that its tests run one after the other.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from kombu import Connection

from celery_app import waker
from celery_app.app import app
from integrations.jobs import broker, job_queue
from integrations.jobs.broker import ProblemKind
from integrations.jobs.job_kind import Queue
from integrations.models import Job
from tests.celery_app.test_celery import finished
from tests.factories.nucleus import TenantFactory
from tests.faults import services
from tests.integrations.jobs.test_broker import published
from tests.integrations.jobs.test_rabbitmq_urls import PASSWORD, assert_problem
from tests.tcp_proxy import TcpProxy
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]
URL = services.RABBITMQ_URL
SERVER = urlsplit(URL)
ADDRESS = (SERVER.hostname or "", SERVER.port or 5672)
PLACE = f"{ADDRESS[0]}:{ADDRESS[1]}"


def control(*arguments: str) -> str:
    """What `rabbitmqctl` prints."""
    command = ["rabbitmqctl", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def controlled() -> None:
    """Whether these tests may use `rabbitmqctl`, which takes seconds to start."""
    is_local = ADDRESS[0] in ("127.0.0.1", "localhost")
    try:
        assert is_local
        assert control("list_vhosts")
    except (AssertionError, OSError, subprocess.SubprocessError):
        pytest.skip("may not use rabbitmqctl (it needs root)")


pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        not services.has_rabbitmq(), reason=f"no RabbitMQ at {PLACE} (TEST_RABBITMQ_URL)"
    ),
]


@pytest.fixture(autouse=True)
def variable(settings: Any) -> None:
    settings.BROKER_VARIABLE = "BROKER_URL"


class TestProblemsOfRabbitMQ:
    def test_a_working_server_has_no_problem(self):
        assert broker.probe(URL) is None
        assert published(URL) is None

    @pytest.mark.parametrize(
        ("url", "kind", "text"),
        [
            ("amqp://me:{password}@{place}//", ProblemKind.REFUSED_PASSWORD, "correct them"),
            ("amqp://me@{place}//", ProblemKind.REFUSED_PASSWORD, "wants a user and a password"),
            ("amqps://me:{password}@{place}//", ProblemKind.WRONG_URL, "begins with amqp://"),
        ],
    )
    def test_a_wrong_password_or_scheme_is_named(self, url: str, kind: ProblemKind, text: str):
        assert_problem(url.format(password=PASSWORD, place=PLACE), kind, text)

    def test_a_missing_virtual_host_is_named(self):
        url = SERVER._replace(path="/no-such-place").geturl()
        assert_problem(url, ProblemKind.WRONG_URL, "no such virtual host")

    def test_the_doctor_looks_for_workers(self, db: None, settings: Any, capsys: Any):
        settings.BROKER_URL = URL
        settings.REDIS_URL = f"redis://127.0.0.1:{services.free_port()}/0"
        with pytest.raises(SystemExit):
            call_command("doctor")
        output = capsys.readouterr().out
        assert (
            "start Redis, or correct host and port in REDIS_URL. Until then the database" in output
        )
        assert "OK   RabbitMQ answers." in output
        assert "FIX  No Celery worker listens." in output


class TestRefusals:
    pytestmark = pytest.mark.usefixtures("controlled")

    @pytest.fixture
    def user(self) -> Iterator[str]:
        """One without any permission."""
        name = f"gateway-test-{uuid4()}"
        control("add_user", name, PASSWORD)
        yield name
        control("delete_user", name)

    def test_a_user_without_permission_is_named(self, user: str):
        url = f"amqp://{user}:{PASSWORD}@{PLACE}/{SERVER.path.removeprefix('/')}"
        assert_problem(url, ProblemKind.REFUSED_PASSWORD, "give it permission")

    def test_an_alarm_refuses_work(self, publish: Callable[[int], list[str]]):
        limit = control("eval", "rabbit_disk_monitor:get_disk_free_limit().")
        control("set_disk_free_limit", "1000000GB")
        try:
            for problem in (broker.probe(URL), published(URL)):
                assert problem is not None
                assert problem.kind is ProblemKind.REFUSES_WORK, problem.message
            (line,) = publish(1)
            assert "refuses_work" in line
            assert publish(1) == []  # nor that RabbitMQ does not answer on the old connection
        finally:
            control("set_disk_free_limit", limit)
        assert publish(1) == ["the broker accepts messages again"]


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    proxy = TcpProxy(ADDRESS)
    proxy.start()
    yield proxy
    proxy.passing.set()
    proxy.stop()


@pytest.fixture
def waking(
    settings: Any, monkeypatch: pytest.MonkeyPatch, proxy: TcpProxy
) -> Iterator[waker.Publisher]:
    """The waker of this process, through the proxy; the queues are empty at first."""
    with Connection(URL) as server:
        for queue in broker.QUEUES:
            bound = queue(server.default_channel)
            bound.declare()
            bound.purge()
    access = SERVER.netloc.rpartition("@")[0]
    url = SERVER._replace(netloc=f"{access}@127.0.0.1:{proxy.port}").geturl()
    settings.BROKER_URL = url
    settings.JOB_WAKER = "celery_app.waker.wake"
    monkeypatch.setattr(app.conf, "broker_url", url)
    for name, value in broker.celery_settings(url).items():
        monkeypatch.setitem(app.conf, name, value)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    monkeypatch.setattr(waker, "PAUSE_SECONDS", 0.0)
    publisher = waker.Publisher()
    monkeypatch.setattr(waker, "_publisher", publisher)
    yield publisher
    publisher.flush()


@pytest.fixture
def publish(
    waking: waker.Publisher, caplog: pytest.LogCaptureFixture
) -> Callable[[int], list[str]]:
    """Sends so many messages and returns what the waker logs."""
    caplog.set_level(logging.INFO, "celery_app.waker")

    def send(count: int) -> list[str]:
        caplog.clear()
        for _ in range(count):
            waking.put(uuid4(), "retrieve_account")
        waking.flush(60)
        return [record.getMessage() for record in caplog.records if record.name == waker.__name__]

    return send


def waiting() -> int:
    """The messages in the queue of `publish`."""
    with Connection(URL) as server:
        return int(server.default_channel.queue_declare("bulk", passive=True).message_count)


class TestWaking:
    def test_a_closed_connection_loses_no_message(
        self, publish: Callable[[int], list[str]], proxy: TcpProxy
    ):
        """As after a restart of RabbitMQ, which nobody notices before the next message."""
        assert publish(1) == []
        proxy.cut()
        assert publish(1) == []
        assert waiting() == 2

    def test_each_kind_of_problem_is_logged_once_per_outage(
        self, publish: Callable[[int], list[str]], proxy: TcpProxy
    ):
        assert publish(1) == []
        proxy.stop()
        (line,) = publish(3)
        assert "unreachable" in line
        assert "Nothing listens" in line
        assert publish(3) == []
        proxy.start()
        assert publish(1) == ["the broker accepts messages again"]
        proxy.passing.clear()
        (line,) = publish(1)
        assert "in time" in line

    def test_delayed_messages_are_published_when_the_process_exits(self, waking: waker.Publisher):
        waking.put(uuid4(), "retrieve_account", 50)
        waking.put(uuid4(), "retrieve_account")
        until(lambda: waiting() == 1)  # the other one is kept here
        waking.flush()
        assert waiting() == 2
        with Connection(URL) as server:
            messages = [server.default_channel.basic_get("bulk", no_ack=True) for _ in range(2)]
        now, later = (message.headers["eta"] for message in messages)
        assert now is None
        remaining = datetime.fromisoformat(later) - datetime.now(UTC)
        assert timedelta(seconds=30) < remaining < timedelta(seconds=50)

    @pytest.fixture
    def worker(
        self, transactional_db: Any, waking: waker.Publisher, tmp_path: Path
    ) -> Iterator[None]:
        name = str(connection.settings_dict["NAME"])
        database = f"sqlite:///{name}"
        if connection.vendor == "postgresql":
            database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        variables = {
            "DATABASE_URL": database,
            "REDIS_URL": "",
            "BROKER_URL": URL,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--concurrency=2"]
        log = tmp_path / "worker.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                command, cwd=ROOT, env=os.environ | variables, stdout=output, stderr=output
            ) as process,
        ):
            yield
            process.terminate()

    def test_a_worker_is_woken_at_once_and_when_a_job_is_due(self, worker: None):
        """Without a relay and a polling worker nothing but its message starts a job."""
        tenant = TenantFactory()

        def enqueue(delay: float = 0) -> Job:
            """A job with nothing to do: there is no such client."""
            payload = {"client_id": str(tenant.id)}
            return job_queue.enqueue(
                tenant=tenant, kind="create_vendor_user", payload=payload, delay=delay
            )

        assert finished([enqueue()], within=60)
        (queues,) = broker.queues_by_worker(URL).values()
        assert queues == {queue.value for queue in Queue}
        later = [enqueue(delay=50) for _ in range(10)]  # they keep no worker from the others
        started = time.monotonic()
        assert finished([enqueue(delay=0.5)], within=10)
        assert 0.45 <= time.monotonic() - started < 2.5
        assert finished([enqueue() for _ in range(3)], within=10)
        assert not any(finished([job], within=0) for job in later)
