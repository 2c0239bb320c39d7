"""Authenticate callers of the API by bearer token, and check scopes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet
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
from nucleus.compiled_queries import CompiledQuery, Parameter, partial_instance
from nucleus.models import Client, Tenant

TOKEN_URL = "/authorization/v1/oauth/token"  # noqa: S105
SCOPE_OF = {  # by HTTP method
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}


# Of each model, what is read for every request; other columns are read when they are used.
APPLICATION = (
    "id", "name", "is_active", "scopes", "rate_limit_per_minute", "client_rate_limit_per_minute",
    "tenant_id",
)  # fmt: skip
TENANT = ("id", "is_active", "currency_code")
CLIENT = ("id", "is_active")


def _token_query() -> QuerySet[AccessToken, tuple[Any, ...]]:
    return AccessToken.objects.filter(
        token_checksum=Parameter("checksum", CharField()), application__isnull=False
    ).values_list(
        "expires",
        "scope",
        *(f"application__{name}" for name in APPLICATION),
        *(f"application__tenant__{name}" for name in TENANT),
        *(f"client__{name}" for name in CLIENT),
    )


TOKENS = CompiledQuery(_token_query)


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated application. With `client`, it is confined to that Nucleus client."""

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
    """`Authorization: Bearer <token>`; tokens in URLs or bodies are ignored."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """The caller, or None without a token. Counts the request.

        Raises:
            AuthenticationFailed: the token is not valid.
            RateLimited: the caller's limit is reached. Counted before permissions, because a
                request without the needed scope costs as much.
        """
        caller = identify(request._request)
        if caller is None:
            return None
        throttle.admit(caller.application, request._request, client=caller.client)
        return caller, None

    def look_up(self, request: HttpRequest) -> Caller | None:
        """The caller, or None without a token. Raises AuthenticationFailed.

        One query for each request, so that what is revoked ends at once in every process.
        """
        scheme, _, value = get_authorization_header(request).partition(b" ")  # type: ignore[arg-type]
        if scheme.lower() != b"bearer" or not value.strip():
            return None
        rows = TOKENS.rows(checksum=hashlib.sha256(value.strip()).hexdigest())
        if not rows or rows[0][0] <= timezone.now():
            raise AuthenticationFailed("The access token is unknown or has expired. Get a new one.")
        _, scope, *columns = rows[0]
        application = partial_instance(Application, APPLICATION, columns)
        tenant = partial_instance(Tenant, TENANT, columns[len(APPLICATION) :])
        client = (
            partial_instance(Client, CLIENT, columns[-len(CLIENT) :])
            if columns[-1] is not None
            else None
        )
        if not application.is_active or not tenant.is_active:
            raise AuthenticationFailed("This application has been deactivated.")
        if client is not None and not client.is_active:
            raise AuthenticationFailed("This client has been deactivated.")
        application.tenant = tenant
        # Scopes that the application lost since the token was issued are lost at once.
        scopes = frozenset(scope.split()) & frozenset(application.scopes.split())
        return Caller(application, tenant, client, scopes)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gateway"'


def identify(request: HttpRequest) -> Caller | None:
    """The caller, or None without a token; looked up once per request.

    gateway.idempotency calls this before it opens the request's transaction.

    Raises:
        APIException: the token is not valid; the same error at every call.
    """
    if not hasattr(request, "_identity"):
        identity: Any
        try:
            identity = BearerAuthentication().look_up(request)
        except APIException as error:
            identity = error
        request._identity = identity  # type: ignore[attr-defined]
    cached: Caller | APIException | None = request._identity  # type: ignore[attr-defined]
    if isinstance(cached, APIException):
        raise cached
    return cached


class HasScope(BasePermission):
    """The token has the scope that the HTTP method requires."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, Caller):
            return False
        scope = SCOPE_OF.get(request.method or "", "read")
        if not request.user.has_scope(scope):
            raise PermissionDenied(f"The access token lacks the scope {scope!r}.")
        return True


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes BearerAuthentication in OpenAPI: a token, or the OAuth2 flow that returns one.

    The plain token comes first, because some tools read the first alternative only.
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
