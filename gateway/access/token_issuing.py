"""Issue and revoke access tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import set_token_value
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import generate_token
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from gateway.access.models import AccessToken, Application
from gateway.access.scopes import ApplicationScopes
from nucleus.models import Client

APPS = "nucleus,proton,electron"  # constant in Hydrogen's response
# Client tokens end up in front ends, so they carry this scope only if it is requested by name.
EXPLICIT_SCOPE = "account_numbers"
MAX_SCOPE_LENGTH = 255  # characters; all scopes together are far shorter


class TokenResponse(TypedDict):
    """The body of a token response (docs/hydrogen-contract.md#tokens); times are in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    apps: str


def requested_scopes(
    application: Application, scope: str = "", *, is_client_token: bool
) -> list[str]:
    """The scopes of a new token, each once.

    Args:
        scope: the `scope` parameter, space separated. If empty: all scopes of the application,
            for a client token without `account_numbers`.

    Raises:
        ValidationError: the application does not have all of the requested scopes.
    """
    if len(scope) > MAX_SCOPE_LENGTH:
        raise ValidationError({"scope": [f"Send at most {MAX_SCOPE_LENGTH} characters."]})
    available = ApplicationScopes().get_available_scopes(application)
    default = [name for name in available if not is_client_token or name != EXPLICIT_SCOPE]
    scopes = list(dict.fromkeys(scope.split())) or default
    if not set(scopes) <= set(available):
        raise ValidationError({"scope": ["This application does not have all of these scopes."]})
    return scopes


def issue(
    application: Application, *, scopes: list[str] | None = None, client: Client | None = None
) -> TokenResponse:
    """Store a new token and return the response that contains it.

    Args:
        scopes: from `requested_scopes`; None for the default scopes.
        client: confine the token to this client.

    Raises:
        AuthenticationFailed: the client was deactivated, or its password changed, since it was
            authenticated.
    """
    if scopes is None:
        scopes = requested_scopes(application, is_client_token=client is not None)
    seconds: int = oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS
    token = AccessToken(
        application=application,
        client=client,
        scope=" ".join(scopes),
        expires=timezone.now() + timedelta(seconds=seconds),
    )
    value = generate_token()
    set_token_value(token, value)
    with transaction.atomic():
        if client is not None:
            _lock_unchanged(client)
        token.save()
    return {
        "access_token": value,
        "token_type": "bearer",
        "expires_in": seconds,
        "scope": token.scope,
        "apps": APPS,
    }


def revoke_tokens_of(client: Client) -> None:
    """Delete all tokens of the client.

    Nucleus calls it in the transaction that changes a password.
    """
    AccessToken.objects.filter(client=client).delete()


def _lock_unchanged(client: Client) -> None:
    """Lock the client's row, if its password is still the one that was checked.

    So a concurrent change of the password either sees the new token and deletes it, or makes this
    raise AuthenticationFailed.
    """
    rows = Client.objects.for_tenant(client.tenant_id).select_for_update()
    unchanged = rows.filter(pk=client.pk, password=client.password, is_active=True)
    if unchanged.values_list("pk").first() is None:
        raise AuthenticationFailed("The client has just changed. Sign in again.")
