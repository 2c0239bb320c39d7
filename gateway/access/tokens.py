"""/authorization/v1: tokens in Hydrogen's dialect (contract section 3), and their revocation.

Hydrogen's SDKs put the grant parameters, a password included, in the query and send `{}`, nothing,
or a form as the body; client id and secret come by HTTP Basic. Queries of these paths are kept out
of logs (log_filter.py). Client authentication and revocation are the OAuth library's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from oauth2_provider.settings import oauth2_settings
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.access import jwt_grant, password_grant, throttle
from gateway.access.models import Application
from gateway.access.oauth_backend import PathOnlyBackend
from gateway.access.token_issuing import allowed_scopes, issue
from nucleus.models import Client
from nucleus.wire import schemas as wire
from nucleus.wire import unknown

GRANTS = ("client_credentials", "password")
SECRET_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}
TAG = ["Authorization"]
BASIC: Any = [{"basic": []}]
REFUSALS = {
    400: OpenApiResponse(wire.Error, description="The grant or a parameter is not acceptable."),
    401: OpenApiResponse(wire.Error, description="Wrong client id, secret, password or JWT."),
    413: OpenApiResponse(wire.Error, description="The body is too large."),
    429: OpenApiResponse(wire.Error, description="Too often; `retry_at` says when it works again."),
    503: OpenApiResponse(wire.Error, description="The database is not answering."),
}
SCOPE = OpenApiParameter(
    "scope",
    OpenApiTypes.STR,
    description=(
        "Space separated; fewer than the application has. Left out: all of them, for a client's "
        "token all but `account_numbers`."
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
            "counted by it, so that one machine cannot slow down everybody's sign-in."
        ),
    ),
    SCOPE,
]
CREDENTIALS = ("client_id", "client_secret")  # RFC 6749 section 2.3.1 allows them in the form

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


class TokenAnswer(serializers.Serializer):
    """The token; only `access_token` is read by the SDKs."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()
    apps = serializers.CharField()


class RevokeForm(serializers.Serializer):
    """RFC 7009 section 2.1; a form, for tokens do not belong into URLs."""

    token = serializers.CharField()
    token_type_hint = serializers.CharField(required=False)


class AuthorizationView(APIView):
    """What applications call with their id and secret."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes: list[Any] = []  # whatever the body is, the OAuth library reads the form itself

    def get_authenticate_header(self, request: Request) -> str:
        return 'Basic realm="gateway"'

    client_id = ""
    form_names: tuple[str, ...] = ()  # that are read, besides the application's credentials

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Also names what the body says in vain: a misspelt `scope` would give every scope."""
        super().initial(request, *args, **kwargs)
        known = () if _is_json(request._request) else (*self.form_names, *CREDENTIALS)
        unknown.report_fields(_names_in_body(request._request), known)

    def application(self, request: Request) -> Application:
        """The calling application. Raises AuthenticationFailed."""
        self.client_id, application = PathOnlyBackend().authenticate(request._request)
        if application is None:
            raise AuthenticationFailed("The client id or secret is wrong. Send both by HTTP Basic.")
        return application

    def handle_exception(self, exc: Exception) -> Response:
        """Also counts what fails, which nothing that succeeds is refused for."""
        if isinstance(exc, AuthenticationFailed | ValidationError):
            try:
                throttle.limit_failures(self.client_id, self.request.META.get("REMOTE_ADDR", ""))
            except throttle.RateLimited as limited:
                exc = limited
        return super().handle_exception(exc)


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _names_in_body(request: HttpRequest) -> Iterable[str]:
    """The names in a form, or in JSON, which is not read otherwise."""
    if not _is_json(request):
        return request.POST
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return ()
    return content if isinstance(content, dict) else ()


def _given(request: Request, name: str) -> str:
    """A parameter of the query, as the SDKs send them, or of the form."""
    value: str = request.query_params.get(name) or request._request.POST.get(name) or ""
    return value


class TokenView(AuthorizationView):
    """Issues access tokens to applications, for themselves or for one of their clients."""

    form_names = tuple(one.name for one in GRANT_PARAMETERS)

    @unknown.knowing_parameters(GRANT_PARAMETERS)
    @extend_schema(
        operation_id="createToken",
        summary="Get an access token",
        description=(
            "HTTP Basic with the application's client id and secret. `client_credentials` gives a "
            "token of the whole tenant, `password` one of the Nucleus client with that user name "
            "and password (where the application allows it). Parameters go in the query, as "
            "Hydrogen's SDKs send them, or better in a form."
        ),
        tags=TAG,
        auth=BASIC,
        request=None,
        parameters=GRANT_PARAMETERS,
        responses={200: TokenAnswer, **REFUSALS},
        examples=[TOKEN_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        grant = _given(request, "grant_type")
        if grant not in GRANTS:
            raise ValidationError(
                {
                    "grant_type": [
                        f"Use {' or '.join(GRANTS)}, in the query or a form; JSON is not read here."
                    ]
                }
            )
        # Hydrogen's PHP client sends user and password with client_credentials; they are ignored.
        is_password = grant == "password"
        scopes = allowed_scopes(application, _given(request, "scope"), confined=is_password)
        with throttle.token_call(application):
            client = _signed_in(application, request) if is_password else None
            answer = issue(application, scopes=scopes, client=client)
        return Response(answer, headers=SECRET_HEADERS)


def _signed_in(application: Application, request: Request) -> Client:
    if not application.allow_passwords:
        reason = (
            "This application may not use grant_type=password. Staff allow it in the admin, or "
            "with `manage.py provision --allow-passwords`."
        )
        raise ValidationError({"grant_type": [reason]})
    username, password = _given(request, "username"), _given(request, "password")
    for name, value in (("username", username), ("password", password)):
        if not value:
            raise ValidationError({name: ["This parameter is required."]})
    return password_grant.client_of(
        application=application,
        username=username,
        password=password,
        end_user_address=_given(request, "end_user_address"),
    )


class ClientTokenView(AuthorizationView):
    """Exchanges a JWT signed by the tenant's back end for a token of one client."""

    form_names = (SCOPE.name,)

    @unknown.knowing_parameters([SCOPE])
    @extend_schema(
        operation_id="createClientToken",
        summary="Exchange a signed client token for an access token",
        description=(
            "HTTP Basic with the application's client id and secret, and a JWT signed with RS512 "
            "by the private half of the key uploaded for the application: `iss` the client id, "
            "`sub` the lower-cased user name of the Nucleus client, `iat` and `exp` in "
            "milliseconds (seconds are understood) and at most one hour apart. With a `jti` it "
            "works once."
        ),
        tags=TAG,
        auth=BASIC,
        request=None,
        parameters=[
            OpenApiParameter(
                "Client-Token",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="`Bearer <JWT>`",
            ),
            SCOPE,
        ],
        responses={200: TokenAnswer, **REFUSALS},
        examples=[TOKEN_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        kind, _, value = request.headers.get("Client-Token", "").partition(" ")
        if kind.lower() != "bearer" or not value.strip():
            raise AuthenticationFailed("Send the header `Client-Token: Bearer <JWT>`.")
        scopes = allowed_scopes(application, _given(request, "scope"), confined=True)
        with throttle.token_call(application):
            client = jwt_grant.client_of(application=application, token=value.strip())
            answer = issue(application, scopes=scopes, client=client)
        return Response(answer, headers=SECRET_HEADERS)


class RevokeView(AuthorizationView):
    """Ends a token of the calling application (RFC 7009)."""

    form_names = tuple(RevokeForm().fields)

    @unknown.knowing_parameters([])
    @extend_schema(
        operation_id="revokeToken",
        summary="Revoke an access token",
        description=(
            "HTTP Basic with the application's client id and secret. The answer is the same for "
            "tokens that are unknown, over, or another application's."
        ),
        tags=TAG,
        auth=BASIC,
        request={"application/x-www-form-urlencoded": RevokeForm},
        examples=[
            OpenApiExample(
                "A token of yours",
                value={"token": "yC1hV3…"},
                request_only=True,
                media_type="application/x-www-form-urlencoded",
            )
        ],
        responses={
            200: OpenApiResponse(description="The token is of no use any more."),
            **REFUSALS,
        },
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        backend = oauth2_settings.OAUTH2_BACKEND_CLASS()
        with throttle.token_call(application):
            _, _, body, status = backend.create_revocation_response(request._request)
            if status != 200:
                refusal = json.loads(body)
                raise ValidationError({"token": [f"Send it in a form: {refusal['error']}."]})
        return Response(headers=SECRET_HEADERS)
