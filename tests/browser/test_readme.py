"""The README works as printed: its commands in their order, and the page with the widget."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from demo.bank import Mx, Widget
from demo.stack import Stack
from tests import documents
from tests.browser.person import Person

FLOW, PAGE, TOKENS = "The flow, in curl", "The widget in a page", "Tokens for front ends"
PATIENCE = 60


class Shell:
    """One bash in which the blocks run after each other, as somebody pastes them."""

    def __init__(self, stack: Stack) -> None:
        port = str(urlsplit(stack.gateway).port)
        own = {"ID": stack.client_id, "SECRET": stack.client_secret, "PORT": port}
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-u"],
            env={**os.environ, **own},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, commands: str) -> str:
        """What the commands print."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        end = f"end-{uuid.uuid4()}"
        self.process.stdin.write(f"{commands}\necho; echo {end}\n")
        self.process.stdin.flush()
        lines = list(iter(self.process.stdout.readline, f"{end}\n"))
        assert self.process.poll() is None, "".join(lines)
        return "".join(lines)

    def bodies(self, commands: str) -> list[Any]:
        """The JSON objects that the commands print, one after the other."""
        text, result = self.run(commands).strip(), []
        while text:
            body, end = json.JSONDecoder().raw_decode(text)
            result.append(body)
            text = text[end:].strip()
        return result


@pytest.fixture
def shell(stack: Stack) -> Iterator[Shell]:
    for command in ("bash", "curl", "jq"):
        if shutil.which(command) is None:
            pytest.skip(f"no {command}: apt-get install {command}")
    started = Shell(stack)
    yield started
    assert started.process.stdin
    with started.process:  # closes both ends
        started.process.stdin.close()
        started.process.wait(PATIENCE)


def test_the_flow(shell: Shell, stack: Stack) -> None:
    start, accounts, read, ask_to_verify, verify, webhook = documents.blocks(
        "README.md", "sh", section=FLOW
    )
    user, link = shell.bodies(start)
    assert user["vendor_response"]["guid"].startswith("USR-")
    member = Widget(link["widget_url"]).log_in()
    assert shell.bodies(accounts) == []
    (response,) = shell.bodies('echo "$ACCOUNTS"')
    assert [row["status_code"] for row in response["nucleus_aggregation_accounts"]] == [200] * len(
        response["nucleus_aggregation_accounts"]
    )
    account_id = shell.run('echo "$ACCOUNT"').strip()
    deadline = time.monotonic() + PATIENCE
    while True:  # the data is fetched in the background
        transactions, balance = shell.bodies(read)
        if transactions["content"]:
            break
        assert time.monotonic() < deadline
        time.sleep(1)
    assert transactions["content"][0]["aggregation_account_id"] == account_id
    assert balance["nucleus_aggregation_account_id"] == account_id
    (link,) = shell.bodies(ask_to_verify)
    Widget(link["widget_url"]).verify(member)
    (verified,) = shell.bodies(verify)
    assert verified["bank_link"]["response"], verified
    (hook,) = shell.bodies(webhook)
    assert hook["secret"].startswith("whsec_")
    (tokens,) = documents.blocks("README.md", "sh", section=TOKENS)
    client, token = shell.bodies(tokens)
    assert client["username"] == "demo"
    assert token["token_type"] == "bearer"
    shell.run(f'call -X DELETE "$API/integration/v1/webhook/{hook["id"]}"')


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """An empty directory, and its URL at a web server of this machine."""
    handler = partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_page_opens_the_widget(
    person: Person, stack: Stack, directory: tuple[Path, str]
) -> None:
    files, url = directory
    mx = Mx(stack.sandbox, "sandbox-client-id", "sandbox-api-key", "atrium")
    body = {"user": {"identifier": str(uuid.uuid4())}}
    user = mx.call("POST", "/users", body)["user"]["guid"]
    link = mx.call("POST", f"/users/{user}/connect_widget_url", {})["user"]["connect_widget_url"]
    (page,) = documents.blocks("README.md", "html", section=PAGE)
    assert "http://127.0.0.1:8001" in page
    assert "<widget_url>" in page
    page = page.replace("http://127.0.0.1:8001", stack.sandbox).replace("<widget_url>", link)
    (files / "page.html").write_text(page)
    person.opens(f"{url}/page.html")
    person.presses("Add account")
    with person.inside_the_widget():
        person.types("Institution", "mx bank")
        person.presses("MX Bank")
        person.types("Username", "anyone")
        person.types("Password", "password")
        person.presses("Continue")
        person.presses("Done")
    person.waits(lambda: any("On Success" in line for line in person.complaints()))
    (member,) = mx.rows(f"/users/{user}/members", "members")
    assert member["connection_status"] == "CONNECTED"
