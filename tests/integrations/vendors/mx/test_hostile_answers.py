"""What a hostile vendor has tried, and what became of it."""

from __future__ import annotations

import gzip
import socket
import time

import pytest

from integrations.vendors import errors
from integrations.vendors.base import CallPolicy, VendorConfig
from integrations.vendors.mx.adapter import MX
from tests.integrations.vendors.scripted_server import Script, always, answer, serving

ONCE = CallPolicy(attempts=1)


def read_user(script: Script, user_id: str = "USR-1") -> tuple[Exception, list[bytes]]:
    with serving(script) as server:
        mx = MX(VendorConfig("atrium", server.url, "id", "key", ONCE))
        with pytest.raises(errors.VendorError) as caught:
            mx.read_user(user_id=user_id)
        return caught.value, server.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int):
    with serving(always(answer(body=b'{"user": {"guid": "USR-1"}}'))) as target:
        error, _ = read_user(always(answer(status, headers=f"Location: {target.url}/\r\n")))
        assert isinstance(error, errors.VendorBadResponse)
        assert target.requests == []


def test_a_bomb_of_a_hundred_megabytes_is_cut():
    bomb = gzip.compress(b'"' + b" " * 100 * 2**20 + b'"', compresslevel=1)
    started = time.process_time()
    error, _ = read_user(always(answer(body=bomb, headers="Content-Encoding: gzip\r\n")))
    assert isinstance(error, errors.VendorBadResponse)
    assert "too large" in str(error)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "body",
    [
        b'{"user": NaN}', b'{"user": {"guid": Infinity}}', b'{"user": 1e999999999}',
        b'{"user": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"user": ' + b"9" * 100_000 + b"}",
        b"<html><body>Maintenance</body></html>", b"", b"null", b"[]", b'"user"', b'{"user": []}',
        b'{"user": {"guid": 5}}', b'{"user": {}}', b"\xff\xfe", b'{"user": {"guid": "USR-1"',
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_nonsense_is_a_bad_response(body: bytes):
    started = time.process_time()
    error, _ = read_user(always(answer(body=body)))
    assert type(error) is errors.VendorBadResponse
    assert time.process_time() - started < 5


@pytest.mark.parametrize("part", ["headers", "body"])
def test_dripping_ends_with_the_deadline(part: str):
    head = b"HTTP/1.1 200 OK\r\nX-Slow: "
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    def drip(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head if part == "headers" else body)
        for _ in range(600):
            connection.sendall(b" ")
            time.sleep(0.1)

    with serving(drip) as server:
        policy = CallPolicy(call_deadline=1.0, attempts=1)
        started = time.monotonic()
        with pytest.raises(errors.VendorTimeout):
            MX(VendorConfig("atrium", server.url, "id", "key", policy)).read_user(user_id="USR-1")
        assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("user_id", "sent"),
    [
        ("../../x", b"GET /users/..%2F..%2Fx HTTP/1.1"),
        ("a b?c#d&e", b"GET /users/a%20b%3Fc%23d%26e HTTP/1.1"),
        ("x\r\nX-Evil: 1", b"GET /users/x%0D%0AX-Evil%3A%201 HTTP/1.1"),
        ("é\x00", b"GET /users/%C3%A9%00 HTTP/1.1"),
    ],
)
def test_ids_stay_one_part_of_the_path(user_id: str, sent: bytes):
    error, requests = read_user(always(answer(body=b'{"users": []}')), user_id)
    assert isinstance(error, errors.VendorBadResponse)
    assert requests[0].split(b"\r\n")[0] == sent
