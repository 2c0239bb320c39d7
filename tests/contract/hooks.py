"""Half of what schemathesis invents is replaced by what exists, so that it gets past the 404s."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import schemathesis

# Name of a parameter or body field, or path prefix for ids in paths → values that exist.
EXISTING_VALUES: dict[str, list[str]] = json.loads(os.environ.get("CONTRACT_KNOWN", "{}"))
SCALE = 8  # decimals that amounts have


def _number(invented: Any) -> int:
    """The same for the same input, which schemathesis needs to reproduce a failure."""
    return zlib.crc32(repr(invented).encode())


def _chosen(values: list[str], invented: Any) -> Any:
    number = _number(invented)
    return values[number // 2 % len(values)] if number % 2 else invented


def _replaced(params: Any, existing: dict[str, list[str]] = EXISTING_VALUES) -> Any:
    if isinstance(params, dict):
        return {name: _value(existing, name, value) for name, value in params.items()}
    if isinstance(params, list):
        return [_replaced(item, existing) for item in params]
    if isinstance(params, float) and _number(params) % 2:
        return round(params, SCALE)
    return params


def _value(existing: dict[str, list[str]], name: str, value: Any) -> Any:
    if name in existing and isinstance(value, str):
        return _chosen(existing[name], value)
    if name in existing and isinstance(value, list):
        return [_chosen(existing[name], item) if isinstance(item, str) else item for item in value]
    return _replaced(value, existing)


def _spare(values: list[str], method: str) -> list[str]:
    """The oldest are there to be deleted, so that other operations still find the rest."""
    third = len(values) // 3 or 1
    return values[:third] if method.upper() == "DELETE" else values[third:] or values


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    operation = context.operation
    kind = operation.path.partition("/{")[0]
    return {
        name: _chosen(_spare(existing, operation.method), value)
        if (existing := EXISTING_VALUES.get(kind) or EXISTING_VALUES.get(name))
        else value
        for name, value in (path_parameters or {}).items()
    }


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    return _replaced(query)


@schemathesis.hook
def map_headers(context: Any, headers: Any) -> Any:
    return _replaced(headers)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    kind = context.operation.path.replace("/bulk_", "/")
    return _replaced(
        body,
        EXISTING_VALUES | {"id": EXISTING_VALUES[kind]}
        if kind in EXISTING_VALUES
        else EXISTING_VALUES,
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """In stories, an answer repeated for a key would name what the story has deleted since."""
    if case.meta.phase.name == "stateful":
        case.headers.pop("Idempotency-Key", None)
