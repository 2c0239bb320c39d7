"""/authorization/v1: issue and revoke tokens in Hydrogen's dialect.

Contract: docs/hydrogen-contract.md#tokens.

Hydrogen's SDKs send the grant parameters, including a password, in the query, with `{}`, a form or
nothing as the body; client id and secret come as HTTP Basic. `log_filter` keeps these queries out
of the logs. The OAuth library authenticates applications and revokes tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiResponse, extend_schema
from oauth2_provider.settings import oauth2_settings
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.access import jwt_grant, password_grant, throttle
from gateway.access.models import Application
from gateway.access.oauth_backend import PathOnlyBackend
from gateway.access.token_issuing import issue, requested_scopes
from gateway.access.token_schemas import (
    BASIC,
    CLIENT_TOKEN_HEADER,
    ERROR_RESPONSES,
    GRANT_PARAMETERS,
    GRANTS,
    REVOKE_EXAMPLE,
    SCOPE_PARAMETER,
    TAGS,
    TOKEN_EXAMPLE,
    TOKEN_RESPONSES,
    RevokeForm,
)
from nucleus.hydrogen import unknown_names
from nucleus.models import Client

NO_STORE_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1
CREDENTIAL_FIELDS = ("client_id", "client_secret")  # RFC 6749 section 2.3.1 allows them in the form


class AuthorizationView(APIView):
    """Base of the views that applications call with their id and secret."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes: list[Any] = []  # the OAuth library reads the form, whatever the content type

    client_id = ""  # sent by the caller, whether or not such an application exists
    form_fields: tuple[str, ...] = ()  # read from the form, besides CREDENTIAL_FIELDS

    def get_authenticate_header(self, request: Request) -> str:
        return 'Basic realm="gateway"'

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Also report ignored names in the body: a misspelt `scope` would give every scope."""
        super().initial(request, *args, **kwargs)
        is_json = _is_json(request._request)
        read_names = () if is_json else (*self.form_fields, *CREDENTIAL_FIELDS)
        unknown_names.report_fields(_body_names(request._request), read_names)

    def application(self, request: Request) -> Application:
        """The calling application. Raises AuthenticationFailed."""
        self.client_id, application = PathOnlyBackend().authenticate(request._request)
        if application is None:
            raise AuthenticationFailed("The client id or secret is wrong. Send both as HTTP Basic.")
        return application

    def handle_exception(self, exc: Exception) -> Response:
        """Also count the failure. Only failures are refused when there were too many."""
        if isinstance(exc, AuthenticationFailed | ValidationError):
            try:
                throttle.limit_failures(self.client_id, self.request.META.get("REMOTE_ADDR", ""))
            except throttle.RateLimited as rate_limited:
                exc = rate_limited
        return super().handle_exception(exc)


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _body_names(request: HttpRequest) -> Iterable[str]:
    """The names in a form, or in a JSON object, which these views do not read otherwise."""
    if not _is_json(request):
        return request.POST
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return ()
    return content if isinstance(content, dict) else ()


def _parameter(request: Request, name: str) -> str:
    """A parameter of the query, as the SDKs send it, or of the form; empty if absent."""
    value: str = request.query_params.get(name) or request._request.POST.get(name) or ""
    return value


class TokenView(AuthorizationView):
    """Issues access tokens to applications, for themselves or for one of their clients."""

    form_fields = tuple(parameter.name for parameter in GRANT_PARAMETERS)

    @unknown_names.knowing_parameters(GRANT_PARAMETERS)
    @extend_schema(
        operation_id="createToken",
        summary="Get an access token",
        description=(
            "HTTP Basic with the application's client id and secret. `client_credentials` gives a "
            "token of the whole tenant, `password` one of the Nucleus client with that user name "
            "and password (where the application allows it). Parameters go in the query, as "
            "Hydrogen's SDKs send them, or better in a form."
        ),
        tags=TAGS,
        auth=BASIC,
        request=None,
        parameters=GRANT_PARAMETERS,
        responses=TOKEN_RESPONSES,
        examples=[TOKEN_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        grant = _parameter(request, "grant_type")
        if grant not in GRANTS:
            message = f"Use {' or '.join(GRANTS)}, in the query or in a form. JSON is not read."
            raise ValidationError({"grant_type": [message]})
        # Hydrogen's PHP client sends user and password with client_credentials; they are ignored.
        is_password_grant = grant == "password"
        scopes = requested_scopes(
            application, _parameter(request, "scope"), is_client_token=is_password_grant
        )
        with throttle.token_call(application):
            client = _authenticate_client(application, request) if is_password_grant else None
            body = issue(application, scopes=scopes, client=client)
        return Response(body, headers=NO_STORE_HEADERS)


def _authenticate_client(application: Application, request: Request) -> Client:
    if not application.allow_passwords:
        message = (
            "This application may not use grant_type=password. Staff can allow it in the admin, "
            "or with `manage.py provision --allow-passwords`."
        )
        raise ValidationError({"grant_type": [message]})
    username, password = _parameter(request, "username"), _parameter(request, "password")
    for name, value in (("username", username), ("password", password)):
        if not value:
            raise ValidationError({name: ["This parameter is required."]})
    return password_grant.authenticate(
        application=application,
        username=username,
        password=password,
        end_user_address=_parameter(request, "end_user_address"),
    )


class ClientTokenView(AuthorizationView):
    """Exchanges a JWT signed by the tenant's back end for a token of one client."""

    form_fields = (SCOPE_PARAMETER.name,)

    @unknown_names.knowing_parameters([SCOPE_PARAMETER])
    @extend_schema(
        operation_id="createClientToken",
        summary="Exchange a signed JWT for a client token",
        description=(
            "HTTP Basic with the application's client id and secret, and a JWT signed with RS512 "
            "by the private half of the key uploaded for the application: `iss` the client id, "
            "`sub` the lower-cased user name of the Nucleus client, `iat` and `exp` in "
            "milliseconds (seconds are understood) and at most one hour apart. With a `jti` it "
            "works once."
        ),
        tags=TAGS,
        auth=BASIC,
        request=None,
        parameters=[CLIENT_TOKEN_HEADER, SCOPE_PARAMETER],
        responses=TOKEN_RESPONSES,
        examples=[TOKEN_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        scheme, _, token = request.headers.get("Client-Token", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationFailed("Send the header `Client-Token: Bearer <JWT>`.")
        scopes = requested_scopes(application, _parameter(request, "scope"), is_client_token=True)
        with throttle.token_call(application):
            client = jwt_grant.authenticate(application=application, token=token.strip())
            body = issue(application, scopes=scopes, client=client)
        return Response(body, headers=NO_STORE_HEADERS)


class RevokeView(AuthorizationView):
    """Revokes a token of the calling application (RFC 7009)."""

    form_fields = tuple(RevokeForm().fields)

    @unknown_names.knowing_parameters([])
    @extend_schema(
        operation_id="revokeToken",
        summary="Revoke an access token",
        description=(
            "HTTP Basic with the application's client id and secret. The response is the same for "
            "tokens that are unknown, expired, or another application's."
        ),
        tags=TAGS,
        auth=BASIC,
        request={"application/x-www-form-urlencoded": RevokeForm},
        examples=[REVOKE_EXAMPLE],
        responses={
            200: OpenApiResponse(description="The token is no longer valid."),
            **ERROR_RESPONSES,
        },
    )
    def post(self, request: Request) -> Response:
        application = self.application(request)
        backend = oauth2_settings.OAUTH2_BACKEND_CLASS()
        with throttle.token_call(application):
            _, _, body, status = backend.create_revocation_response(request._request)
            if status != 200:
                reason = json.loads(body)["error"]
                raise ValidationError({"token": [f"Send it in a form: {reason}."]})
        return Response(headers=NO_STORE_HEADERS)
