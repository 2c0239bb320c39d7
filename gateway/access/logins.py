"""Signing in with the user name and password of a Nucleus client."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from rest_framework.exceptions import AuthenticationFailed

from gateway.access import windows
from gateway.access.models import Application
from gateway.access.throttle import RateLimited
from nucleus.models import Client, Tenant

PERIOD = 15 * 60.0  # seconds
FAILURES_OF_USERNAME = 10  # within PERIOD, in all applications of a tenant
FAILURES_OF_APPLICATION = 1000  # within PERIOD: one password tried on many names


def client_of(*, application: Application, username: str, password: str) -> Client:
    """The active client of the application's tenant who has this name and password.

    Every attempt counts before the password is looked at, so that parallel guesses get no extra
    ones; success takes its own count back.

    Raises:
        AuthenticationFailed: name or password is wrong, or the client is deactivated; which of
            them is not told, and takes the same work to find out.
        RateLimited: too many failures; not even the right password helps now.
    """
    of_name = windows.private("login", application.tenant_id, username)
    of_application = f"logins:{application.pk}"
    name_usage = windows.take(of_name, limit=FAILURES_OF_USERNAME, seconds=PERIOD)
    if not name_usage.admitted:
        raise RateLimited("Too many failed attempts with this user name.", name_usage)
    usage = windows.take(of_application, limit=FAILURES_OF_APPLICATION, seconds=PERIOD)
    if not usage.admitted:
        windows.give_back(of_name)
        raise RateLimited("Too many failed attempts in this application.", usage)
    client = _named(application.tenant, username)
    is_right = check_password(password, client.password if client else "")
    if client is None or not is_right or not client.is_active:
        raise AuthenticationFailed("The user name or password is wrong.")
    windows.forget(of_name)
    windows.give_back(of_application)
    return client


def _named(tenant: Tenant, username: str) -> Client | None:
    if not username.isprintable():  # PostgreSQL takes no NUL
        return None
    return Client.objects.for_tenant(tenant).filter(username=username).first()
