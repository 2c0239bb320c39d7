"""Problems of a broker at amqp:// where no RabbitMQ answers; the tests need none."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from integrations.jobs import broker
from integrations.jobs.broker import ProblemKind
from tests.faults import services
from tests.integrations.jobs.test_broker import published
from tests.production import tls

PASSWORD = "open-sesame-4711"
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def variable(settings: Any) -> None:
    settings.BROKER_VARIABLE = "BROKER_URL"


@contextmanager
def answering(reply: bytes | None, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that says this to everybody and closes, or nothing and waits."""
    connections = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if context:
                    with suppress(ssl.SSLError):  # the client does not trust it
                        connections.append(context.wrap_socket(client, server_side=True))
                    continue
                if reply is None:
                    connections.append(client)
                    continue
                with client:
                    client.recv(1024)
                    client.sendall(reply)

    with socket.create_server(("", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for client in connections:
        client.close()


def assert_problem(url: str, kind: ProblemKind, text: str) -> None:
    """Probing and publishing end with this problem, which shows no password."""
    for problem in (broker.probe(url), published(url)):
        assert problem is not None
        assert problem.kind is kind, problem.message
        assert text in problem.message
        assert "BROKER_URL" in problem.message
        assert PASSWORD not in problem.message


@pytest.mark.parametrize(
    ("url", "kind", "text"),
    [
        ("amqp://me:{password}@127.0.0.1:port/x", ProblemKind.WRONG_URL, "port number"),
        ("amqp://me:{password}@127.0.0.1:70000/x", ProblemKind.WRONG_URL, "port number"),
        ("amqp://me:{password}/x@127.0.0.1:5672/x", ProblemKind.WRONG_URL, "not a URL"),
        ("amqp://me:{password}@/x", ProblemKind.WRONG_URL, "no host"),
        ("amqp://me:{password}@127.0.0.1/x?heartbeat=1", ProblemKind.WRONG_URL, "virtual host"),
        ("pyamqp://me:{password}@127.0.0.1/x", ProblemKind.WRONG_URL, "amqp:// or amqps://"),
        ("amqp://me:{password}@no-such-host.invalid/x", ProblemKind.WRONG_URL, "be resolved"),
        ("amqp://me:{password}@127.0.0.1:{http}/x", ProblemKind.WRONG_URL, "not RabbitMQ"),
        ("amqps://me:{password}@127.0.0.1:{http}/x", ProblemKind.WRONG_URL, "with amqp://"),
        ("amqp://me:{password}@127.0.0.1:{mute}/x", ProblemKind.UNREACHABLE, "in time"),
        ("amqps://me:{password}@127.0.0.1:{mute}/x", ProblemKind.UNREACHABLE, "in time"),
        ("amqp://me:{password}@127.0.0.1:{free}/x", ProblemKind.UNREACHABLE, "Nothing listens"),
    ],
)
def test_problems_without_a_rabbitmq_are_classified(url: str, kind: ProblemKind, text: str):
    with answering(HTTP) as http, answering(None) as mute:
        ports = {"http": http, "mute": mute, "free": services.free_port()}
        assert_problem(url.format(password=PASSWORD, **ports), kind, text)


@pytest.mark.parametrize(
    ("host", "kind"),
    [("127.0.0.1", ProblemKind.UNREACHABLE), ("127.0.0.2", ProblemKind.WRONG_URL)],
)
def test_a_certificate_has_to_be_of_the_host(
    host: str, kind: ProblemKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The certificate is one of 127.0.0.1, where the TLS connection succeeds."""
    ca, file = tls.certificate(tmp_path, ["rabbitmq.test"])
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with answering(None, context) as port:
        problem = broker.probe(f"amqps://me:{PASSWORD}@{host}:{port}/x")
    assert problem is not None
    assert problem.kind is kind, problem.message


def test_a_variable_of_redis_has_no_url_of_rabbitmq():
    problem = broker.probe(f"amqp://me:{PASSWORD}@127.0.0.1/x", "REDIS_URL")
    assert problem is not None
    assert (problem.kind, PASSWORD in problem.message) == (ProblemKind.WRONG_URL, False)
    assert "REDIS_URL has the scheme amqp://; it has to begin with redis:// or" in problem.message
