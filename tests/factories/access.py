"""Applications and their tokens."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import timedelta

from django.utils import timezone
from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory
from oauth2_provider.models import set_token_value

from gateway.access.models import AccessToken, Application
from tests.factories.nucleus import TenantFactory

SECRET = "the-secret-of-a-test-application-0123456789"


class ApplicationFactory(DjangoModelFactory):  # type: ignore[type-arg]
    class Meta:
        model = Application

    tenant = SubFactory(TenantFactory)
    name = "Demo app"
    client_id = Sequence("demo-app-{}".format)
    client_secret = SECRET
    client_type = Application.CLIENT_CONFIDENTIAL
    authorization_grant_type = Application.GRANT_CLIENT_CREDENTIALS


def basic(application: Application, secret: str = SECRET) -> str:
    """The Authorization header of an application."""
    return basic_header(application.client_id, secret)


def basic_header(client_id: str, secret: str) -> str:
    """The Authorization header of any client id and secret."""
    return f"Basic {b64encode(f'{client_id}:{secret}'.encode()).decode()}"


def access_token(application: Application, scope: str | None = None, **columns: object) -> str:
    """A token of the application, with all its scopes unless `scope` names others."""
    value = secrets.token_urlsafe(24)
    token = AccessToken(
        application=application,
        scope=application.scopes if scope is None else scope,
        **{"expires": timezone.now() + timedelta(minutes=15), **columns},
    )
    set_token_value(token, value)
    token.save()
    return value
