"""What is logged: nobody outside can forge a line or drive a terminal."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError
from django.test import Client as HttpClient
from django.utils.module_loading import import_string

from gateway.log_formatters import JsonFormatter, LineFormatter, escape
from gateway.middleware.request_id import RequestIdFilter
from integrations.models import AggregationSettings
from nucleus.models import Tenant
from tests.gateway.webhooks.conftest import SECRET, USER, post

FORGED = "A\n2026-11-25 22:00:00,000 INFO gateway [x] FORGED LINE"
HOSTILE = [
    FORGED, "a\r\nb", "a\rb", "\x1b[2Jcleared", "a\x9bK", "a\x00b", "a\x08\x08b", "a\u2028b",
    "a\u2029b", "a\x85b", "a\x0bb\x0cc", "\u202eright to left", "\u061cx", "half \ud800 a pair",
]  # fmt: skip
PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\ud800-\udfff]*")


def formatter(kind: str) -> logging.Formatter:
    """As LOG_FORMAT chooses it."""
    formatters: Any = configured.LOGGING["formatters"]
    options = dict(formatters[kind])
    built: logging.Formatter = import_string(options.pop("()"))(**options)
    return built


def logged(text: str, kind: str, *, arguments: tuple[object, ...] = ()) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(kind))
    record = logging.LogRecord("x", logging.INFO, "p", 1, text, arguments, None)
    record.request_id = "-"
    handler.handle(record)
    return stream.getvalue()


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("kind", ["line", "json"])
def test_a_record_is_one_line_of_printable_text(text: str, kind: str):
    for line in (logged(text, kind), logged("said: %s", kind, arguments=(text,))):
        assert line.endswith("\n")
        assert PLAIN.fullmatch(line[:-1])
        assert line.isprintable() or line[:-1].isprintable()
        if kind == "json":
            assert json.loads(line)["request_id"] == "-"


@pytest.mark.parametrize("kind", ["line", "json"])
def test_a_traceback_forges_no_line(kind: str):
    try:
        raise ValueError(FORGED + "\x1b[2J")
    except ValueError as error:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter(kind))
        facts = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, "p", 1, "oops", (), facts)
        record.request_id = "-"
        record.exc_text = f"cached {FORGED}"  # by a handler that was there first
        handler.handle(record)
    lines = stream.getvalue().splitlines()
    assert "FORGED" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert all(line.startswith("    ") for line in lines[1:])


def test_handlers_of_others_see_no_raw_text_either():
    """Gunicorn and Django's development server bring handlers and formatters of their own."""
    stream = io.StringIO()
    logger = logging.getLogger("gunicorn.error.test")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    try:
        logger.error("refused: %s", FORGED)
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue().count("\n") == 1


def test_ordinary_text_stays_as_it_is():
    assert escape("Zürich ラーメン \\n 100 %") == "Zürich ラーメン \\n 100 %"


def test_a_webhook_cannot_forge_a_line(tenant: Tenant, caplog: Any, monkeypatch: Any):
    row = AggregationSettings(tenant=tenant, webhook_user=USER, webhook_secret=SECRET)
    row.save()
    caplog.set_level(logging.INFO)
    assert post(row, {"type": FORGED, "member_guid": "x"}).status_code == 202
    (record,) = [row for row in caplog.records if row.getMessage().startswith("webhook ")]
    assert "FORGED" not in record.getMessage()  # a type is one word
    assert "\n" not in record.getMessage()
    for kind in (LineFormatter("%(message)s"), JsonFormatter()):
        assert "\n" not in kind.format(record)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/nucleus/v1/client?" + "a=1&" * 1500, {}),
        ("/docs?" + "a=1&" * 1500, {}),
        ("/docs", {"Host": "evil.example\r\nx"}),
        ("/nucleus/v1/client", {"Host": "evil.example"}),
        ("/admin/nucleus/tenant/?_to_field=password", {}),
    ],
)
def test_a_bad_request_logs_a_single_line_at_most(
    admin_client: HttpClient, caplog: Any, path: str, headers: dict[str, str]
):
    assert admin_client.get(path, headers=headers).status_code == 400
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(records) <= 1
    for record in records:
        assert (record.levelname, record.exc_info) == ("WARNING", None)
        record.request_id = "-"
        assert "\n" not in LineFormatter("%(message)s").format(record)


def test_failures_are_logged_with_the_id_of_their_request(caplog: Any, monkeypatch: Any):
    def failing(*args: object) -> bool:
        raise OperationalError

    monkeypatch.setattr("gateway.health._is_migrated", failing)
    response = HttpClient(raise_request_exception=False).get("/health/ready")
    assert response.status_code == 503
    records = [record for record in caplog.records if record.name == "django.request"]
    assert records
    for record in records:
        RequestIdFilter().filter(record)
        assert record.request_id == response["X-Request-Id"]
