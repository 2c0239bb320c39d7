"""Who is calling: a bearer token, and through it one tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from gateway.access import throttle
from gateway.access.models import AccessToken, Application
from gateway.access.scopes import SCOPES
from nucleus.models import Client, Tenant

TOKEN_URL = "/authorization/v1/oauth/token"  # noqa: S105
SCOPE_OF = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated application. `client` confines it to one Nucleus client."""

    application: Application
    tenant: Tenant
    client: Client | None
    scopes: frozenset[str]
    is_authenticated: bool = True

    @property
    def name(self) -> str:
        return self.application.name

    def has_scope(self, name: str) -> bool:
        return name in self.scopes


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; tokens in URLs or bodies are not looked at."""

    def authenticate(self, request: Request) -> tuple[Caller, AccessToken] | None:
        """The caller and its token, within its rate limit.

        Counted here, before permissions: what is refused for a scope has cost as much.
        """
        identity = identify(request._request)
        if identity is not None:
            caller = identity[0]
            throttle.admit(caller.application, request._request, client=caller.client)
        return identity

    def look_up(self, request: HttpRequest) -> tuple[Caller, AccessToken] | None:
        """The caller and its token; None without one. Raises AuthenticationFailed."""
        kind, _, value = get_authorization_header(request).partition(b" ")  # type: ignore[arg-type]
        if kind.lower() != b"bearer" or not value.strip():
            return None
        checksum = hashlib.sha256(value.strip()).hexdigest()
        token = (
            AccessToken.objects.filter(token_checksum=checksum)
            .select_related("application__tenant", "client")
            .first()
        )
        if token is None or token.expires <= timezone.now():
            raise AuthenticationFailed("The access token is unknown or has expired. Get a new one.")
        application, client = token.application, token.client
        if not application.is_active or not application.tenant.is_active:
            raise AuthenticationFailed("This application has been deactivated.")
        if client is not None and not client.is_active:
            raise AuthenticationFailed("This client has been deactivated.")
        # What was taken from the application since the token was issued is gone at once.
        scopes = frozenset(token.scope.split()) & frozenset(application.scopes.split())
        return Caller(application, application.tenant, client, scopes), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gateway"'


def identify(request: HttpRequest) -> tuple[Caller, AccessToken] | None:
    """The caller and its token; None without one.

    Looked up once per request; whoever asks again gets the same answer, or the same refusal. No
    transaction of the request is open yet (gateway.idempotency asks first), so what has to be
    committed even if the request fails, such as a rate limit, belongs into this look-up.

    Raises:
        APIException: why this caller is not let in.
    """
    if not hasattr(request, "_identity"):
        identity: Any
        try:
            identity = BearerAuthentication().look_up(request)
        except APIException as refusal:
            identity = refusal
        request._identity = identity  # type: ignore[attr-defined]
    found = request._identity  # type: ignore[attr-defined]
    if isinstance(found, APIException):
        raise found
    return found


class HasScope(BasePermission):
    """The token carries the scope that the HTTP method needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Caller):
            return False
        needed = SCOPE_OF.get(request.method or "", "read")
        if not request.user.has_scope(needed):
            raise PermissionDenied(f"The access token lacks the scope {needed!r}.")
        return True


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How OpenAPI describes BearerAuthentication: a token, or the OAuth2 flow that gets one.

    The plain token comes first, because some tools look at the first alternative only.
    """

    target_class = "gateway.access.authentication.BearerAuthentication"
    name = ["bearer", "oauth2"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{"bearer": []}, {"oauth2": [SCOPE_OF[auto_schema.method]]}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        flow = {"tokenUrl": TOKEN_URL, "scopes": SCOPES}
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": f"An access token from `POST {TOKEN_URL}`.",
            },
            {
                "type": "oauth2",
                "flows": {"clientCredentials": flow, "password": flow},
                "description": (
                    "Client id and secret of an application, sent by HTTP Basic. "
                    "`clientCredentials` gives a token of the whole tenant. `password` gives one "
                    "of a single client, where the application allows it."
                ),
            },
        ]
