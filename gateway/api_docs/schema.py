"""What OpenAPI says about things that no view knows of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import CharField

from gateway import idempotency as keys
from gateway.gunicorn_conf import limit_request_line

KEY = {
    "in": "header",
    "name": keys.HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    # No example: tools send examples as they are, and a second request with one key is a 422.
    "description": (
        "A new value for every new request: a UUID such as `3c9f8a1e-6b0d-4f57-8a52-7d1b0c4e9f23`, "
        "or any 1 to 255 visible ASCII characters. Repeating the request with it within "
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


NULL = {"type": "object", "nullable": True, "enum": [None]}


class GatewaySchema(AutoSchema):
    """Bodies are JSON. The parser takes them under any content type, which is no promise."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _get_request_body(self, direction: str = "request") -> Any:
        """DELETE has a body where one is described; the library describes none."""
        base: Any = super()
        method = self.method
        try:
            self.method = "PUT" if method == "DELETE" else method
            return base._get_request_body(direction)
        finally:
            self.method = method

    def _get_serializer_field_meta(self, field: Any, direction: str) -> dict[str, Any]:
        """What is written is not blank unless its field allows that; what is answered may be."""
        base: Any = super()
        meta: dict[str, Any] = base._get_serializer_field_meta(field, direction)
        if direction == "request" and isinstance(field, CharField) and not field.allow_blank:
            meta["minLength"] = 1
        return meta

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """An array's greatest length, too. An array that is described by hand is required."""
        base: Any = super()
        schema, required = base._get_request_for_media_type(serializer, direction)
        if isinstance(serializer, dict) and serializer.get("type") == "array":
            required = True
        if most := getattr(serializer, "max_length", None):
            schema["maxItems"] = most
        return schema, required


def nullable_references(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Write "this component or null" so that it means that.

    The library writes `nullable` beside a reference. OpenAPI 3.0.3 gives `nullable` no meaning
    without a `type`, so validators and generators read it in different ways.
    """
    _rewrite_nullable_references(result["components"]["schemas"])
    return result


def _rewrite_nullable_references(part: Any) -> None:
    if isinstance(part, list):
        for item in part:
            _rewrite_nullable_references(item)
    elif isinstance(part, dict):
        if part.get("nullable") and "allOf" in part and "type" not in part:
            del part["nullable"]
            part["oneOf"] = [*part.pop("allOf"), NULL]
        for item in part.values():
            _rewrite_nullable_references(item)


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
