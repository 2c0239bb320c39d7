"""How drf-spectacular describes the API."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class GatewaySchema(AutoSchema):
    """Bodies are JSON. The parser takes them under any content type, which is no promise."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]
