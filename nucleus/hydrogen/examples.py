"""Examples of bodies and answers for OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample

from nucleus.hydrogen.json_format import ExactJSONRenderer

RECORD_ID = "5f3b2c64-8d1e-4a7b-9c1f-2f6d0e9a4b10"
_MOMENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
# What every row has that nobody writes.
STORED: dict[str, Any] = {
    "id": UUID(RECORD_ID),
    "create_date": _MOMENT,
    "update_date": _MOMENT,
}


def written(name: str, value: Any) -> OpenApiExample:
    """An example of a body."""
    return OpenApiExample(name, value=value, request_only=True)


def changed(example: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a change, out of that of a creation: its last member alone."""
    name = list(example)[-1]
    return {name: example[name]}


def answered(body: Any) -> OpenApiExample:
    """An example of an answer, which JSON is made of as of any other."""
    value = json.loads(ExactJSONRenderer().render(body))
    return OpenApiExample("An answer", value=value, response_only=True)
