"""Examples of requests and responses for OpenAPI."""

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
# The values of a stored row that callers do not write.
STORED: dict[str, Any] = {
    "id": UUID(RECORD_ID),
    "create_date": _MOMENT,
    "update_date": _MOMENT,
}


def example_request(name: str, value: Any) -> OpenApiExample:
    """An example of a request body."""
    return OpenApiExample(name, value=value, request_only=True)


def example_change(example: Mapping[str, Any]) -> dict[str, Any]:
    """An example PUT body: one field of the POST example."""
    name = list(example)[-1]
    return {name: example[name]}


def example_response(body: Any) -> OpenApiExample:
    """An example of a response, rendered as responses are."""
    value = json.loads(ExactJSONRenderer().render(body))
    return OpenApiExample("Example response", value=value, response_only=True)
