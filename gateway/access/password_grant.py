"""Signing in with the user name and password of a Nucleus client."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from gateway.access import counters
from gateway.access.authentication import Caller
from gateway.access.models import Application
from gateway.access.throttle import RateLimited, network_of
from nucleus import usernames
from nucleus.models import Client

PERIOD = 15 * 60.0  # seconds
FAILURES_OF_USERNAME = 10  # within PERIOD, in all applications of a tenant
FAILURES_OF_APPLICATION = 1000  # within PERIOD: one password tried on many names
FAILURES_OF_ADDRESS = 100  # within PERIOD, of an end user's address that the tenant names
SLOW_PERIOD = 60.0  # seconds; beyond the failures of an application or address
SLOW_PART = 0.3  # of these failures, within each SLOW_PERIOD; hashing passwords is hardly faster
SIGNED_IN = "signed-in"
RECENT = 30 * 24 * 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class Origin:
    """Where attempts come from, as far as anybody can tell: an address of the tenant's users, or
    the whole application."""

    key: str
    failures: int
    refusal: str

    def admit(self, *, is_known: bool) -> list[str]:
        """Count an attempt. Beyond the failures, names that have signed in lately are let through,
        and of others so many as keep guessing on many names slow.

        Returns: the keys that a success takes its count back from.

        Raises:
            RateLimited: too many failures of others; it may work a little later.
        """
        if counters.increment(self.key, limit=self.failures, seconds=PERIOD).admitted:
            return [self.key]
        if is_known:
            return []
        slowly = f"{self.key}:slow"
        most = max(1, int(self.failures * SLOW_PART))
        usage = counters.increment(slowly, limit=most, seconds=SLOW_PERIOD)
        if not usage.admitted:
            raise RateLimited(self.refusal, usage)
        return [slowly]


def client_of(
    *, application: Application, username: str, password: str, end_user_address: str = ""
) -> Client:
    """The active client of the application's tenant who has this name and password.

    Every attempt counts before the password is looked at, so that parallel guesses get no extra
    ones; success takes its own count back.

    Args:
        end_user_address: the IP address of the person; with it, failures of others count only
            where they come from there.

    Raises:
        AuthenticationFailed: name or password is wrong, or the client is deactivated; which of
            them is not told, and takes the same work to find out.
        RateLimited: too many failures; not even the right password helps now.
        ValidationError: the address is none.
    """
    origin = _origin(application, end_user_address)
    name = usernames.key(username)  # names that look alike share their count
    of_name = counters.hashed_key("login", application.tenant_id, name)
    signed_in = counters.hashed_key(SIGNED_IN, application.tenant_id, name)
    name_usage = counters.increment(of_name, limit=FAILURES_OF_USERNAME, seconds=PERIOD)
    if not name_usage.admitted:
        raise RateLimited("Too many failed attempts with this user name.", name_usage)
    try:
        counted = origin.admit(is_known=counters.is_active(signed_in, seconds=RECENT))
    except RateLimited:
        counters.decrement(of_name)
        raise
    client = Client.find_by_username(application.tenant, username)
    is_right = check_password(password, client.password if client else "")
    if client is None or not is_right or not client.is_active:
        raise AuthenticationFailed("The user name or password is wrong.")
    counters.reset(of_name)
    for key in counted:
        counters.decrement(key)
    counters.restart(signed_in)
    return client


def is_own_password(caller: Caller, password: str) -> bool:
    """Whether it is the password of the client that the caller's token is confined to.

    It counts like signing in, so that a stolen token gives no further guesses. Hook of Nucleus.
    Raises RateLimited.
    """
    if caller.client is None:
        return False
    try:
        client_of(
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
            "Too many failed attempts in this application. Clients who have signed in lately still "
            "can; send `end_user_address` so that failures are counted by where they come from.",
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
