"""What OpenAPI says about things that no view knows of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import CharField

from gateway import idempotency as keys
from gateway.gunicorn import limit_request_line

KEY = {
    "in": "header",
    "name": keys.HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "example": "3c9f8a1e-6b0d-4f57-8a52-7d1b0c4e9f23",
    "description": (
        "Any new value, a UUID for example. Repeating the request with it within "
        f"{keys.KEPT_FOR.days} days answers the stored success (`{keys.REPLAYED}: true`) instead "
        "of doing it again. Failures are not stored."
    ),
}
ANSWERS = {
    "409": "A request with this Idempotency-Key is still running; repeat it later.",
    "422": "This Idempotency-Key was used for a different request; send a new one.",
}
TOO_LONG = {
    "content": {"text/html": {"schema": {"type": "string"}}},
    "description": f"Path and query are longer than {limit_request_line} bytes; send fewer ids.",
}


class GatewaySchema(AutoSchema):
    """Bodies are JSON. The parser takes them under any content type, which is no promise."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _get_serializer_field_meta(self, field: Any, direction: str) -> dict[str, Any]:
        """What is written is not blank unless its field allows that; what is answered may be."""
        base: Any = super()
        meta: dict[str, Any] = base._get_serializer_field_meta(field, direction)
        if direction == "request" and isinstance(field, CharField) and not field.allow_blank:
            meta["minLength"] = 1
        return meta

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """An array's greatest length, too."""
        base: Any = super()
        schema, required = base._get_request_for_media_type(serializer, direction)
        if most := getattr(serializer, "max_length", None):
            schema["maxItems"] = most
        return schema, required


def long_queries(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe what the web server answers, before any of our code, when a query is too long."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if any(_is_text_in_query(one) for one in operation.get("parameters", ())):
                operation["responses"]["414"] = TOO_LONG
    return result


def _is_text_in_query(parameter: dict[str, Any]) -> bool:
    schema = parameter["schema"]
    return parameter["in"] == "query" and (
        schema["type"] == "array" or (schema["type"] == "string" and "enum" not in schema)
    )


def idempotency(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the header and its answers on every POST that IdempotencyMiddleware looks at."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path, methods in result["paths"].items():
        operation = methods.get("post")
        if operation is None or not path.startswith(keys.PATHS):
            continue
        operation.setdefault("parameters", []).append(KEY)
        for status, words in ANSWERS.items():
            answer = operation["responses"].setdefault(
                status, {"content": error, "description": words}
            )
            if answer["description"] != words:
                answer["description"] += f" Or: {words[0].lower()}{words[1:]}"
    return result
