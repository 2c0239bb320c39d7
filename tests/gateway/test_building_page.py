"""The code of docs/building.md works as it is printed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client as HttpClient
from django.utils import timezone

from gateway.access.models import Application
from integrations.flows import outbound_webhooks
from tests import documents
from tests.factories.access import basic
from tests.factories.nucleus import ClientFactory

PAGE = "docs/building.md"
SIGNING, RECEIVING = "Signing a JWT", "Receiving webhooks"
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBleGFtcGxl"
PATIENCE = 60


@pytest.fixture
def keys(application: Application, tmp_path: Path) -> Path:
    """A directory with the pair of keys that the page makes, known to the gateway."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: apt-get install openssl")
    make_keys, _ = documents.blocks(PAGE, "sh", section=SIGNING)
    subprocess.run(["sh", "-ec", make_keys], cwd=tmp_path, check=True, capture_output=True)
    application.client_token_key = (tmp_path / "public.pem").read_text()
    application.save()
    return tmp_path


@pytest.mark.parametrize("language", ["python", "js"])
def test_a_jwt_is_signed(application: Application, keys: Path, language: str, db: Any) -> None:
    program = {"python": sys.executable, "js": shutil.which("node")}[language]
    if program is None:
        pytest.skip("no node: apt-get install nodejs")
    client: Any = ClientFactory(tenant=application.tenant, username="demo")
    (code,) = documents.blocks(PAGE, language, section=SIGNING)
    file = keys / f"sign.{'py' if language == 'python' else 'js'}"
    file.write_text(code)
    signed = subprocess.run(
        [program, str(file)],
        cwd=keys,
        env={**os.environ, "ID": application.client_id},
        check=True,
        capture_output=True,
        text=True,
    )
    headers = {
        "Authorization": basic(application),
        "Client-Token": f"Bearer {signed.stdout.strip()}",
    }
    response = HttpClient().post("/authorization/v1/client-token", headers=headers)
    assert response.status_code == 200, response.content
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    listed = HttpClient().get("/nucleus/v1/client", headers=headers).json()
    assert [row["id"] for row in listed["content"]] == [str(client.pk)]


@contextmanager
def receiving(directory: Path) -> Iterator[str]:
    """The page's receiver, running; its URL."""
    (code,) = documents.blocks(PAGE, "python", section=RECEIVING)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "9000" in code
    (directory / "receiver.py").write_text(code.replace("9000", str(port)))
    process = subprocess.Popen(
        [sys.executable, "receiver.py"],
        cwd=directory,
        env={**os.environ, "WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}/hooks"
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE)
    assert output == "bank_link_verified {'written': 1}\n"  # what was signed, and nothing else


def delivered(url: str, payload: str, headers: dict[str, str]) -> int:
    """The status of the answer, once the receiver listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.post(url, payload, headers=headers, timeout=PATIENCE).status_code
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_the_receiver_verifies_what_the_gateway_signs(tmp_path: Path) -> None:
    payload = '{"event":"bank_link_verified","data":{"written":1}}'
    headers = outbound_webhooks.signature_headers(payload, "event-1", timezone.now(), [SECRET])
    with receiving(tmp_path) as url:
        assert delivered(url, payload, headers) == 204
        assert delivered(url, payload.replace("1}", "2}"), headers) == 401
        assert delivered(url, payload, headers | {"webhook-signature": "v1,AAAA"}) == 401
