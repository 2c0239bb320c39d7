"""Parts of the OpenAPI document that are not derived from views."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import CharField

from gateway.gunicorn_conf import limit_request_line
from gateway.idempotency.key_store import REPLAYED_HEADER, RETENTION
from gateway.idempotency.middleware import HEADER, PATHS

IDEMPOTENCY_KEY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    # No example: tools send examples unchanged, and a second request with one key is a 422.
    "description": (
        "A new value for every new request: a UUID such as `3c9f8a1e-6b0d-4f57-8a52-7d1b0c4e9f23`, "
        "or any 1 to 255 visible ASCII characters. Repeating the request with it within "
        f"{RETENTION.days} days returns the stored response (`{REPLAYED_HEADER}: true`) instead "
        "of doing it again. Failures are not stored."
    ),
}
IDEMPOTENCY_RESPONSES = {
    "409": "A request with this Idempotency-Key is still running; repeat it later.",
    "422": "This Idempotency-Key was used for a different request; send a new one.",
}
URI_TOO_LONG_RESPONSE = {
    "content": {"text/html": {"schema": {"type": "string"}}},
    "description": f"Path and query are longer than {limit_request_line} bytes; send fewer ids.",
}


NULL = {"type": "object", "nullable": True, "enum": [None]}


class GatewaySchema(AutoSchema):
    """Bodies are JSON. The parser accepts them with any content type, which is not documented."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _get_request_body(self, direction: str = "request") -> Any:
        """Describe bodies of DELETE too, which the library leaves out."""
        base: Any = super()
        method = self.method
        try:
            self.method = "PUT" if method == "DELETE" else method
            return base._get_request_body(direction)
        finally:
            self.method = method

    def _get_serializer_field_meta(self, field: Any, direction: str) -> dict[str, Any]:
        """Add `minLength` 1 to strings in requests, unless the field allows blank.

        Without titles: columns are labelled for staff, in other terms than the API's.
        """
        base: Any = super()
        meta: dict[str, Any] = base._get_serializer_field_meta(field, direction)
        meta.pop("title", None)
        if direction == "request" and isinstance(field, CharField) and not field.allow_blank:
            meta["minLength"] = 1
        return meta

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """Add the maximum length of arrays, and require arrays that are described by a dict."""
        base: Any = super()
        schema, required = base._get_request_for_media_type(serializer, direction)
        if isinstance(serializer, dict) and serializer.get("type") == "array":
            required = True
        if max_length := getattr(serializer, "max_length", None):
            schema["maxItems"] = max_length
        return schema, required


def nullable_references(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe nullable references with `oneOf`.

    The library writes `nullable` beside a reference. OpenAPI 3.0.3 defines `nullable` only beside a
    `type`, so validators and generators disagree about it.
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
    """Describe the 414 with which the web server refuses a long query, before our code runs."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if any(_is_query_text(parameter) for parameter in operation.get("parameters", ())):
                operation["responses"]["414"] = URI_TOO_LONG_RESPONSE
    return result


def _is_query_text(parameter: dict[str, Any]) -> bool:
    schema = parameter["schema"]
    return parameter["in"] == "query" and (
        schema["type"] == "array" or (schema["type"] == "string" and "enum" not in schema)
    )


def idempotency(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the header and its error responses on every POST that has the feature."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path, methods in result["paths"].items():
        operation = methods.get("post")
        if operation is None or not path.startswith(PATHS):
            continue
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY_PARAMETER)
        for status, description in IDEMPOTENCY_RESPONSES.items():
            response = operation["responses"].setdefault(
                status, {"content": error, "description": description}
            )
            if response["description"] != description:
                response["description"] += f" Or: {description[0].lower()}{description[1:]}"
    return result
