"""docs/errors.md names every code that the API can answer with, its status and its fault."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rest_framework import exceptions

from gateway.access import throttle  # noqa: F401 - defines exceptions that are found below
from gateway.errors import specs
from gateway.idempotency import key_store  # noqa: F401 - likewise
from tests.architecture.test_layers import ROOT

DOCUMENT = (ROOT / "docs/errors.md").read_text()
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \| (\w+) \|", re.MULTILINE)
# Refusals of the framework that cannot come: bodies are read as JSON under any content type, and
# the limits are our own.
NEVER = {exceptions.UnsupportedMediaType, exceptions.Throttled}


def documented() -> set[tuple[str, int, str]]:
    return {
        (name, int(status), fault)
        for names, status, fault in ROW.findall(DOCUMENT)
        for name in re.findall(r"\w+", names)
    }


def refusals(kind: type[exceptions.APIException]) -> Iterator[type[exceptions.APIException]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith(("rest_framework", "gateway", "nucleus")):
            yield subclass
            yield from refusals(subclass)


def specified_errors() -> set[tuple[str, int, str]]:
    matches = {(spec.code, spec.status, spec.fault) for spec in specs.ERROR_SPECS.values()}
    for kind in refusals(exceptions.APIException):
        if kind not in NEVER:
            code = "invalid_request" if kind.status_code == 400 else str(kind.default_code)
            matches.add((code, kind.status_code, "caller"))
    return matches | {("internal_error", 500, "gateway")}


def test_every_code_is_documented_as_it_is_answered():
    assert specified_errors() == documented()


def test_every_fault_is_explained():
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT.split("| `fault` | Who")[1], re.MULTILINE)[:4]
    assert set(rows) == {fault for _, _, fault in documented()}
