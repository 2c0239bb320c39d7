"""HTTP to a vendor that is slow, broken or hostile: an error of ours, in time."""

from __future__ import annotations

import gzip
import inspect
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
import requests

from integrations.vendors import errors, http_failures
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.transport import Transport, VendorRequest
from tests.integrations.vendors.scripted_server import Script, always, answer, error_for, serving

READ = VendorRequest("read_user", "GET", "/users/USR-1", "/users/{user}", is_repeatable=True)
CREATE = VendorRequest("create_user", "POST", "/users", "/users", body={"user": {}})
QUICK = CallPolicy(connect_timeout=1, read_timeout=1, call_deadline=1.0, max_bytes=10_000)


def send(
    script: Script, call: VendorRequest = READ, policy: CallPolicy = QUICK
) -> tuple[object, list[CallRecord], int]:
    """The answer or the error, the audited exchanges, and how many requests arrived."""
    calls: list[CallRecord] = []
    with serving(script) as server:
        config = VendorConfig("atrium", server.url, "id", "secret-key", policy, calls.append)
        sender = Transport(
            vendor="mx", config=config, headers={}, error_for=error_for, sleep=lambda _: None
        )
        try:
            result: object = sender.send(call)
        except errors.VendorError as error:
            result = error
        return result, calls, len(server.requests)


def drip_body(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.1)


def drip_headers(connection: socket.socket, request: bytes) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
        connection.sendall(bytes([letter]))
        time.sleep(0.1)


def reset(connection: socket.socket, request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_amounts_are_exact():
    result, calls, _ = send(always(answer(body=b'{"a": 0.1, "b": 12345678901234.56}')))
    assert result.body == {"a": Decimal("0.1"), "b": Decimal("12345678901234.56")}
    assert [(call.status, call.error) for call in calls] == [(200, None)]


@pytest.mark.parametrize("script", [drip_body, drip_headers], ids=["body", "headers"])
def test_a_dripping_server_is_cut_off(script: Script):
    started = time.monotonic()
    result, calls, _ = send(script)
    assert isinstance(result, errors.VendorTimeout)
    assert time.monotonic() - started < 20  # of the hundred seconds that it drips
    assert calls[-1].error == "vendor_timeout"


def test_silence_is_a_time_out():
    started = time.monotonic()
    result, _, _ = send(lambda connection, request: time.sleep(60))
    assert isinstance(result, errors.VendorTimeout)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (reset, errors.VendorUnavailable),
        (always(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"), errors.VendorUnavailable),
        (always(b"not http at all\r\n\r\n"), errors.VendorUnavailable),
        (always(answer(body=b"<html>Maintenance</html>")), errors.VendorBadResponse),
        (always(answer(body=b'{"a": NaN}')), errors.VendorBadResponse),
        (always(answer(body=b'{"a": ' + b"9" * 5000 + b"}")), errors.VendorBadResponse),
        (always(answer(body=b"[" * 5000 + b"]" * 5000)), errors.VendorBadResponse),
        (always(answer(body=b'{"a": "\xff\xfe"}')), errors.VendorBadResponse),
        (always(answer(body=b'"' + b"x" * 20_000 + b'"')), errors.VendorBadResponse),
        (always(answer(body=gzip.compress(b" " * 10**7), headers="Content-Encoding: gzip\r\n")),
         errors.VendorBadResponse),
        (always(answer(body=b"junk", headers="Content-Encoding: gzip\r\n")),
         errors.VendorUnavailable),
        (always(answer(302, headers="Location: http://localhost:1/\r\n")),
         errors.VendorBadResponse),
        (always(answer(599)), errors.VendorUnavailable),
        (always(answer(418)), errors.VendorBadResponse),
    ],
)  # fmt: skip
def test_whatever_comes_is_an_error_of_ours(script: Script, kind: type[errors.VendorError]):
    result, calls, _ = send(script)
    assert isinstance(result, kind), result
    assert calls
    assert all("secret" not in repr(call) and "USR-1" not in repr(call) for call in calls)


def test_reads_are_repeated_and_creations_are_not():
    patient = CallPolicy()  # pauses are random, and must not reach the deadline here
    result, calls, arrived = send(always(answer(500)), policy=patient)
    assert isinstance(result, errors.VendorUnavailable)
    assert (len(calls), arrived) == (3, 3)
    assert [call.attempt for call in calls] == [1, 2, 3]
    _, calls, arrived = send(always(answer(500)), CREATE)
    assert (len(calls), arrived) == (1, 1)


def test_a_read_recovers():
    answers = iter([answer(503), answer(body=b'{"fine": true}')])
    script: Script = lambda connection, request: connection.sendall(next(answers))  # noqa: E731
    result, _, arrived = send(script, policy=CallPolicy())
    assert result.body == {"fine": True}
    assert arrived == 2


def test_the_deadline_of_all_calls_together():
    policy = CallPolicy(total_deadline=0.5)
    with serving(always(answer())) as server:
        sender = Transport(
            vendor="mx",
            config=VendorConfig("atrium", server.url, "id", "key", policy),
            headers={},
            error_for=error_for,
        )
        sender.send(READ)
        time.sleep(0.6)
        with pytest.raises(errors.VendorTimeout):
            sender.send(READ)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30), ("999999999", 3600), ("", None), ("soon", None), ("-5", None),
        (format_datetime(datetime.now(UTC) + timedelta(days=2)), 3600),
        (format_datetime(datetime.now(UTC) - timedelta(days=2)), 1),
    ],
    ids=["seconds", "absurd", "none", "words", "negative", "date", "past"],
)  # fmt: skip
def test_retry_after(header: str, seconds: float | None):
    assert http_failures.retry_after({"Retry-After": header}) == seconds


def test_every_exception_of_requests_is_translated():
    translated = tuple(kind for kind, _, _ in http_failures.TRANSLATIONS)
    for _, kind in inspect.getmembers(requests.exceptions, inspect.isclass):
        if kind.__module__ == "requests.exceptions" and not issubclass(kind, Warning):
            assert issubclass(kind, translated), kind


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1e9999999999999999999999}', b'{"a": 1e1200000}', b'{"a": 1e-1000000}', b"NaN",
        b'{"a": ' + b"9" * 5000 + b"}", b"[" * 52 + b"]" * 52, b"[" * 9_000, b"\xff\xfe",
        '{"a": 1}'.encode("utf-16"),
    ],
    ids=lambda body: str(body[:24]),
)  # fmt: skip
def test_json_that_cannot_be_used_is_a_bad_response(body: bytes):
    result, calls, _ = send(always(answer(body=body)))
    assert isinstance(result, errors.VendorBadResponse)
    assert calls[-1].error == "vendor_bad_response"
    refused, _, _ = send(always(answer(404, body=body)))
    assert isinstance(refused, errors.VendorNotFound)  # the status says enough


@pytest.mark.parametrize(
    "text",
    ["9" * 60_000, "1e999999999", "NaN", "Sat, 99 Jan 99999 00:00:00 GMT", "\x00", "\u0662",
     "Mon, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1400", "-1", "x" * 60_000],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_retry_after_is_at_most_an_hour_or_nothing(text: str):
    seconds = http_failures.retry_after({"Retry-After": text})
    assert seconds is None or 0 <= seconds <= http_failures.RETRY_AFTER_CAP
