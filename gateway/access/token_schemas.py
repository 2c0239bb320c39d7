"""What OpenAPI says about /authorization/v1: parameters, bodies, responses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_serializer,
)
from rest_framework import serializers

from nucleus.hydrogen import openapi_schemas as wire

GRANTS = ("client_credentials", "password")
TAGS = ["Authorization"]
BASIC: Any = [{"basic": []}]
SCOPE_PARAMETER = OpenApiParameter(
    "scope",
    OpenApiTypes.STR,
    description=(
        "Space separated; a subset of the application's scopes. Default: all of them, for a "
        "client's token all but `account_numbers`."
    ),
)
GRANT_PARAMETERS = [
    OpenApiParameter(
        "grant_type",
        OpenApiTypes.STR,
        required=True,
        enum=GRANTS,
        examples=[OpenApiExample("For the tenant", value=GRANTS[0])],
    ),
    OpenApiParameter("username", OpenApiTypes.STR, description="With `password`."),
    OpenApiParameter("password", OpenApiTypes.STR, description="With `password`."),
    OpenApiParameter(
        "end_user_address",
        OpenApiTypes.STR,
        description=(
            "With `password`: the IP address of the person who signs in. Failures are then "
            "counted per address, so that one machine cannot slow down everybody's sign-in."
        ),
    ),
    SCOPE_PARAMETER,
]
CLIENT_TOKEN_HEADER = OpenApiParameter(
    "Client-Token",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="`Bearer <JWT>`",
)
TOKEN_EXAMPLE = OpenApiExample(
    "A token",
    value={
        "access_token": "yC1hV3…",
        "token_type": "bearer",
        "expires_in": 900,
        "scope": "create read update delete",
        "apps": "nucleus,proton,electron",
    },
    response_only=True,
    status_codes=["200"],
)
REVOKE_EXAMPLE = OpenApiExample(
    "A token of yours",
    value={"token": "yC1hV3…"},
    request_only=True,
    media_type="application/x-www-form-urlencoded",
)


@extend_schema_serializer(component_name="TokenAnswer")
class TokenResponseSerializer(serializers.Serializer[Any]):
    """The token; only `access_token` is read by the SDKs."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()
    apps = serializers.CharField()


class RevokeForm(serializers.Serializer[Any]):
    """RFC 7009 section 2.1; a form, because tokens do not belong in URLs."""

    token = serializers.CharField()
    token_type_hint = serializers.CharField(required=False)


ERROR_RESPONSES = {
    400: OpenApiResponse(wire.Error, description="The grant or a parameter is not acceptable."),
    401: OpenApiResponse(wire.Error, description="Wrong client id, secret, password or JWT."),
    413: OpenApiResponse(wire.Error, description="The body is too large."),
    429: OpenApiResponse(
        wire.Error, description="Too many requests; `retry_at` says when to try again."
    ),
    503: OpenApiResponse(wire.Error, description="The database is not answering."),
}
TOKEN_RESPONSES = {200: TokenResponseSerializer, **ERROR_RESPONSES}
