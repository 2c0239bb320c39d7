"""What OpenAPI says about things that no view knows of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from gateway import idempotency as keys

KEY = {
    "in": "header",
    "name": keys.HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
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


class GatewaySchema(AutoSchema):
    """Bodies are JSON. The parser takes them under any content type, which is no promise."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]


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
