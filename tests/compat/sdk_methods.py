"""What both of Hydrogen's SDKs offer, the table of what is in scope, and which calls went well."""

from __future__ import annotations

import csv
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import integration_api
import nucleus_api
import pytest

SDKS = (integration_api, nucleus_api)
TABLE = Path(__file__).with_name("sdk_methods.csv")
REFUSED, OUT = "refused", "path not in the contract"


class Method(NamedTuple):
    """One public method of an API class of an SDK."""

    sdk: str
    api: str
    name: str
    request: str  # HTTP method and path below the SDK's host; empty where the source names none


class Row(NamedTuple):
    """A line of the table."""

    method: Method
    scope: str  # "in scope", REFUSED (called, and refused as the contract says) or OUT
    called_in: str  # the test file that calls it; empty for OUT

    @property
    def ending(self) -> tuple[Method, bool]:
        """The method, and whether its call has to go well."""
        return self.method, self.scope != REFUSED


def table() -> list[Row]:
    """The table, in its order."""
    with TABLE.open(newline="") as lines:
        return [
            Row(Method(item["sdk"], item["api"], item["method"], item["request"]), item["scope"],
                item["called_in"])
            for item in csv.DictReader(lines)
        ]  # fmt: skip


def offered() -> Iterator[tuple[type, Method]]:
    """Every public method of every API class, read off the SDKs themselves."""
    for sdk in SDKS:
        for api, kind in inspect.getmembers(sdk, inspect.isclass):
            if not api.endswith("Api"):
                continue
            for name, function in inspect.getmembers(kind, inspect.isfunction):
                if name.startswith("_") or name.endswith("_with_http_info"):
                    continue
                source = inspect.getsource(getattr(kind, f"{name}_with_http_info", function))
                result = re.search(r"call_api\(\s*'([^']+)', '([A-Z]+)'", source)
                request = f"{result[2]} {result[1]}" if result else ""
                yield kind, Method(sdk.__name__, api, name, request)


def record(patch: pytest.MonkeyPatch, endings: set[tuple[Method, bool]]) -> None:
    """Have every method of the table's scope tell how its calls end, and do as ever otherwise."""
    expected = {row.method for row in table() if row.scope != OUT}
    for kind, method in offered():
        if method in expected:
            patch.setattr(
                kind, method.name, _recording(getattr(kind, method.name), method, endings)
            )


def _recording(
    function: Callable[..., Any], method: Method, endings: set[tuple[Method, bool]]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            response = function(*args, **kwargs)
        except Exception:
            endings.add((method, False))
            raise
        endings.add((method, True))
        return response

    return call
