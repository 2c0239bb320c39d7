"""Access tokens: made here, and ended before their time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import set_token_value
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import generate_token
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from gateway.access.models import AccessToken, Application
from gateway.access.scopes import ApplicationScopes
from nucleus.models import Client

APPS = "nucleus,proton,electron"  # what Hydrogen's answer says
ONLY_WHEN_ASKED = "account_numbers"  # not for tokens of a client, which end up in front ends
MAX_SCOPE_LENGTH = 255  # characters; all scopes together are far shorter


def allowed_scopes(application: Application, scope: str = "", *, confined: bool) -> list[str]:
    """The scopes of a new token, each once.

    Args:
        scope: the scopes wanted, space separated; empty for what is usual: all of the
            application's, for a client's token without `account_numbers`.
        confined: it is a client's token.

    Raises:
        ValidationError: the application has not all of these scopes.
    """
    if len(scope) > MAX_SCOPE_LENGTH:
        raise ValidationError({"scope": [f"At most {MAX_SCOPE_LENGTH} characters."]})
    available = ApplicationScopes().get_available_scopes(application)
    usual = [name for name in available if not confined or name != ONLY_WHEN_ASKED]
    scopes = list(dict.fromkeys(scope.split())) or usual
    if not set(scopes) <= set(available):
        raise ValidationError({"scope": ["This application may not have all of these scopes."]})
    return scopes


def issue(
    application: Application, *, scopes: list[str] | None = None, client: Client | None = None
) -> Any:
    """A new token in Hydrogen's words (contract section 3); with `client`, of that client only.

    Args:
        scopes: from `allowed_scopes`; None for what is usual.

    Raises:
        AuthenticationFailed: the client's password was changed, or the client deactivated, while
            the token was asked for.
    """
    if scopes is None:
        scopes = allowed_scopes(application, confined=client is not None)
    seconds = oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS
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
            _hold(client)
        token.save()
    return {
        "access_token": value,
        "token_type": "bearer",
        "expires_in": seconds,
        "scope": token.scope,
        "apps": APPS,
    }


def revoke_tokens_of(client: Client) -> None:
    """End all tokens of the client; Nucleus calls it in the transaction that changes a password."""
    AccessToken.objects.filter(client=client).delete()


def _hold(client: Client) -> None:
    """Lock the client's row as it was when the token was asked for: a password that changes
    meanwhile either finds the token and ends it, or is found here."""
    rows = Client.objects.for_tenant(client.tenant_id).select_for_update()
    same = rows.filter(pk=client.pk, password=client.password, is_active=True)
    if same.values_list("pk").first() is None:
        raise AuthenticationFailed("The client has just changed. Sign in again.")
