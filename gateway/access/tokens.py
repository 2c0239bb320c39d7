"""POST /authorization/v1/oauth/token in Hydrogen's dialect (contract section 3).

Hydrogen's SDKs put the grant parameters in the query and send `{}`, nothing, or a form as the body;
client id and secret come by HTTP Basic. The OAuth library does the rest.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.settings import oauth2_settings
from rest_framework import serializers
from rest_framework.exceptions import APIException, AuthenticationFailed, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.wire import schemas as wire

PARAMETERS = ("grant_type", "scope")  # nothing secret is ever read from a URL
APPS = "nucleus,proton,electron"  # what Hydrogen's answer says


class QueryParameterBackend(OAuthLibCore):
    """Reads grant parameters from the form body and from the query."""

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        form = {name: str(value) for name, value in request.POST.items()}
        query = {name: request.GET[name] for name in PARAMETERS if name in request.GET}
        return list((form | query).items())

    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        """Without the query, which oauthlib refuses on this endpoint; see extract_body."""
        return request.path


class TokenAnswer(serializers.Serializer):
    """The token; only `access_token` is read by the SDKs."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()
    apps = serializers.CharField()


class TokenView(APIView):
    """Issues access tokens to applications."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes: list[Any] = []  # whatever the body is, the OAuth library reads the form itself

    def get_authenticate_header(self, request: Request) -> str:
        return 'Basic realm="gateway"'

    @extend_schema(
        operation_id="createToken",
        summary="Get an access token",
        description="HTTP Basic with the application's client id and secret.",
        tags=["Authorization"],
        auth=[{"basic": []}],  # type: ignore[list-item]
        request=None,
        parameters=[
            OpenApiParameter(
                "grant_type", OpenApiTypes.STR, required=True, enum=["client_credentials"]
            ),
            OpenApiParameter("scope", OpenApiTypes.STR, description="Fewer scopes than allowed."),
        ],
        responses={
            200: TokenAnswer,
            400: OpenApiResponse(wire.Error, description="The grant is not supported."),
            401: OpenApiResponse(wire.Error, description="Wrong client id or secret."),
        },
    )
    def post(self, request: Request) -> Response:
        grant = request.query_params.get("grant_type") or request._request.POST.get("grant_type")
        if grant != "client_credentials":
            raise ValidationError(
                {"grant_type": ["Only client_credentials is supported; send it in the query."]}
            )
        backend = oauth2_settings.OAUTH2_BACKEND_CLASS()
        _, _, body, status = backend.create_token_response(request._request)
        answer = json.loads(body)
        if status != 200:
            raise _refusal(status, answer)
        answer = {
            "access_token": answer["access_token"],
            "token_type": "bearer",
            "expires_in": answer["expires_in"],
            "scope": answer["scope"],
            "apps": APPS,
        }
        return Response(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _refusal(status: int, answer: dict[str, Any]) -> APIException:
    if answer.get("error") == "invalid_client" or status == 401:
        return AuthenticationFailed("The client id or secret is wrong. Send both by HTTP Basic.")
    if answer.get("error") == "invalid_scope":
        return ValidationError({"scope": ["This application may not have all of these scopes."]})
    return ValidationError(answer.get("error_description") or answer.get("error") or "Refused.")
