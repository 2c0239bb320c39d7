"""Every request of the adapter is one that MX's OpenAPI document of its version knows.

MX's documents (https://github.com/mxenabled/openapi) are not part of this repository: MX_OPENAPI
names a directory that has them as `v20111101.yml` and `v20250224.yml`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from integrations.vendors import errors, records
from integrations.vendors.base import CallPolicy, CallRecord, VendorConfig
from integrations.vendors.mx.adapter import MX
from integrations.vendors.mx.dialect import Dialect
from tests.integrations.vendors.mx.openapi_document import Document, Request
from tests.integrations.vendors.mx.test_repeats import OPERATIONS
from tests.integrations.vendors.scripted_server import always, answer, serving

ONCE = CallPolicy(attempts=1)
# What the documents do not say although MX does; {version: {problem: why it is none}}.
DOCUMENT_DEFECTS: dict[str, dict[str, str]] = {
    "v20111101": {
        "header accept-version: not in the document": "MX requires it of all since August 2026"
    },
    "v20250224": {},
}


# Every option of the widget, in every mode.
OPTIONS = {
    "a new bank": records.WidgetOptions(),
    "a verification": records.WidgetOptions(verification=True, include_identity=True),
    "a repair": records.WidgetOptions(member_id="MBR-1", update_credentials=True),
    "an app": records.WidgetOptions(
        is_mobile_webview=True,
        webview_url_scheme="demo",
        message_version=4,
        redirect_url="https://app.example/",
        oauth_referral_source="APP",
    ),
    "an app without a scheme": records.WidgetOptions(is_mobile_webview=True),
    "an institution": records.WidgetOptions(
        institution_code="mxbank",
        disable_institution_search=True,
        include_transactions=False,
        disable_background_imports=True,
        color_scheme="dark",
        language="fr-CA",
    ),
    "a verification with everything": records.WidgetOptions(
        verification=True,
        include_transactions=True,
        disable_background_imports=False,
        color_scheme="light",
    ),
}


def widget(options: records.WidgetOptions) -> Callable[[MX], Any]:
    return lambda mx: mx.widget_url(user_id="USR-1", options=options)


CALLS: dict[str, Callable[[MX], Any]] = {
    **OPERATIONS,
    "check": lambda mx: mx.check(),
    **{f"widget for {name}": widget(options) for name, options in OPTIONS.items()},
    "transactions of a day": lambda mx: list(
        mx.transaction_pages(
            user_id="USR-1",
            account_id="ACT-1",
            from_date=date(2026, 1, 1),
            to_date=date(2026, 1, 1),
        )
    ),
}


def sent(dialect: Dialect, call: Callable[[MX], Any]) -> tuple[list[Request], set[str]]:
    """What arrives at MX, and the names of the operations."""
    records_: list[CallRecord] = []
    with serving(always(answer(418))) as server:
        config = VendorConfig(
            dialect.api, server.url, "id", "key", ONCE, records_.append, api_version=dialect.version
        )
        with suppress(errors.VendorError):
            call(MX(config))
    return [Request.parse(raw) for raw in server.requests], {row.operation for row in records_}


@pytest.mark.parametrize("name", CALLS)
def test_every_request_is_in_the_document(dialect: Dialect, document: Document, name: str):
    if name in OPERATIONS and name not in dialect.paths:
        pytest.skip("not an operation of this API")
    requests, _ = sent(dialect, CALLS[name])
    problems = {problem for request in requests for problem in document.problems(request)}
    assert requests
    assert problems - DOCUMENT_DEFECTS[dialect.version].keys() == set()


def test_every_operation_is_sent(dialect: Dialect):
    operations = [sent(dialect, call)[1] for call in OPERATIONS.values()]
    assert set().union(*operations) == dialect.paths.keys()


def test_no_defect_is_known_that_is_none(dialect: Dialect, document: Document):
    problems = {
        problem
        for call in CALLS.values()
        for request in sent(dialect, call)[0]
        for problem in document.problems(request)
    }
    assert DOCUMENT_DEFECTS[dialect.version].keys() <= problems


@pytest.mark.parametrize(
    ("request_line", "problem"),
    [
        ("GET /nothing", "there is no such method and path"),
        ("PATCH /users", "there is no such method and path"),
        ("GET /users?identifier=x", "query identifier: not in the document"),
        ("GET /users?page=one", "query page:  'one' is not of type 'integer'"),
    ],
)
def test_a_wrong_request_is_reported(document: Document, request_line: str, problem: str):
    raw = f"{request_line} HTTP/1.1\r\nAuthorization: Basic x\r\n\r\n".encode()
    assert problem in set(document.problems(Request.parse(raw)))


def test_an_unknown_name_in_a_body_is_reported(document: Document):
    raw = (
        b"POST /users HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Basic x\r\n\r\n"
        b'{"user": {"identifier": "x"}}'
    )
    assert "body: user.identifier: not in the document" in set(
        document.problems(Request.parse(raw))
    )
