"""A body that nobody has read does not cost the client its connection."""

from __future__ import annotations

import http.client
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as HttpClient

from tests import templates
from tests.faults.services import free_port
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real gunicorn with the documented settings."""
    number = free_port()
    directory = tmp_path_factory.mktemp("gunicorn")
    environment = os.environ | {
        "DATABASE_URL": templates.sqlite(directory),
        "REDIS_URL": "",
        "BROKER_URL": "",
        "DEBUG": "true",
        "READ_DOT_ENV": "false",
        "DJANGO_SETTINGS_MODULE": "gateway.settings",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:gateway.gunicorn_conf"]
    command += ["--bind", f"127.0.0.1:{number}", "gateway.wsgi"]
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log) as server,
    ):
        try:
            _wait_until_it_answers(number)
            yield number
        finally:
            server.terminate()


def _wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise AssertionError("gunicorn does not answer")


@pytest.mark.parametrize("size", [100, 200_000, 1_000_000])
@pytest.mark.parametrize("path", ["/nucleus/v1/client", "/no/such/path"])
def test_the_connection_is_used_again(port: int, path: str, size: int):
    """A token is missing, or there is nothing at the path, so nobody reads the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", path, b'{"a": "%s"}' % (b"x" * size), headers)
    response = connection.getresponse()
    assert response.status in (401, 404), response.read()
    assert response.read()
    connection.auto_open = 0  # fail where it would connect again
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()


class Endless(io.RawIOBase):
    """A body without an end."""

    count = 0

    def read(self, size: int = -1) -> bytes:
        self.count += size
        return b"x" * size


def test_endless_bodies_are_not_read_for_ever(db: Any):
    body = Endless()
    extra: Any = {"wsgi.input_terminated": True, "wsgi.input": body}
    assert HttpClient().generic("POST", "/no/such/path", **extra).status_code == 404
    assert 1_000_000 < body.count < 10_000_000
