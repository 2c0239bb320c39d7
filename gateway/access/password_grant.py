"""Authenticate a Nucleus client by user name and password, and lock out guessing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from gateway.access import counters
from gateway.access.authentication import Caller
from gateway.access.client_address import network_of
from gateway.access.models import Application
from gateway.access.throttle import RateLimited
from nucleus import usernames
from nucleus.models import Client

PERIOD = 15 * 60.0  # seconds; the window of the three limits below
FAILURES_OF_USERNAME = 10  # in all applications of a tenant
FAILURES_OF_APPLICATION = 1000  # one password tried on many names
FAILURES_OF_ADDRESS = 100  # of an end user's address that the tenant sends
SLOW_PERIOD = 60.0  # seconds; after FAILURES_OF_APPLICATION or FAILURES_OF_ADDRESS
SLOW_FRACTION = 0.3  # of that limit, per SLOW_PERIOD; hashing passwords is hardly faster
SIGNED_IN_PREFIX = "signed-in"
RECENT_SIGN_IN = 30 * 24 * 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Origin:
    """Where attempts come from: the address of an end user, or only the application."""

    key: str
    failure_limit: int
    message: str  # of the error when too many attempts failed

    def admit(self, *, has_recent_sign_in: bool) -> str | None:
        """Count an attempt.

        Above the limit, user names with a recent sign-in are still admitted. Others are admitted at
        a rate that keeps guessing on many names slow.

        Returns:
            The key of the counter that was incremented, if any: a success decrements it.

        Raises:
            RateLimited: too many failures.
        """
        if counters.increment(self.key, limit=self.failure_limit, seconds=PERIOD).admitted:
            return self.key
        if has_recent_sign_in:
            return None
        slow_key = f"{self.key}:slow"
        slow_limit = max(1, int(self.failure_limit * SLOW_FRACTION))
        usage = counters.increment(slow_key, limit=slow_limit, seconds=SLOW_PERIOD)
        if not usage.admitted:
            raise RateLimited(self.message, usage)
        return slow_key


def authenticate(
    *, application: Application, username: str, password: str, end_user_address: str = ""
) -> Client:
    """The active client of the application's tenant with this user name and password.

    Every attempt is counted before the password is checked, so that parallel guesses do not exceed
    the limits. A success takes its own count back.

    Args:
        end_user_address: the IP address of the person. If sent, failures are limited per address
            instead of per application.

    Raises:
        AuthenticationFailed: user name or password is wrong, or the client is deactivated. Neither
            the message nor the time it takes reveals which.
        RateLimited: too many failures, even if the password is right.
        ValidationError: `end_user_address` is not an IP address.
    """
    origin = _origin(application, end_user_address)
    name = usernames.key(username)  # names that look alike share a counter
    name_key = counters.hashed_key("login", application.tenant_id, name)
    signed_in_key = counters.hashed_key(SIGNED_IN_PREFIX, application.tenant_id, name)
    name_usage = counters.increment(name_key, limit=FAILURES_OF_USERNAME, seconds=PERIOD)
    if not name_usage.admitted:
        raise RateLimited("Too many failed attempts with this user name.", name_usage)
    try:
        origin_key = origin.admit(
            has_recent_sign_in=counters.is_active(signed_in_key, seconds=RECENT_SIGN_IN)
        )
    except RateLimited:
        counters.decrement(name_key)
        raise
    client = Client.find_by_username(application.tenant, username)
    is_correct = check_password(password, client.password if client else "")
    if client is None or not is_correct or not client.is_active:
        raise AuthenticationFailed("The user name or password is wrong.")
    counters.reset(name_key)
    if origin_key is not None:
        counters.decrement(origin_key)
    counters.restart(signed_in_key)
    return client


def is_own_password(caller: Caller, password: str) -> bool:
    """Whether this is the password of the client that the caller's token is confined to.

    An attempt counts like a sign-in, so that a stolen token gives no additional guesses. Nucleus
    calls this through a setting.

    Raises:
        RateLimited: too many failures.
    """
    if caller.client is None:
        return False
    try:
        authenticate(
            application=caller.application, username=caller.client.username, password=password
        )
    except AuthenticationFailed:
        return False
    return True


def _origin(application: Application, end_user_address: str) -> Origin:
    if not end_user_address:
        return Origin(
            f"logins:{application.pk}",
            FAILURES_OF_APPLICATION,
            "Too many failed attempts in this application. Clients who signed in recently still "
            "can. Send `end_user_address` so that failures are limited per end user's address.",
        )
    try:
        ipaddress.ip_address(end_user_address)
    except ValueError:
        raise ValidationError({"end_user_address": ["Send an IPv4 or IPv6 address."]}) from None
    network = network_of(end_user_address)
    return Origin(
        counters.hashed_key("address", application.pk, network),
        FAILURES_OF_ADDRESS,
        "Too many failed attempts from this end user's address.",
    )
