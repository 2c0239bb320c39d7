"""How a vendor's webhooks are verified and read, and the check of Basic authentication."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from integrations.vendors import records


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """What a tenant agreed with the vendor; `user` is empty where webhooks are signed."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request that says it is a vendor's webhook.

    Args:
        headers: by name in any case.
        read_body: the raw bytes, for signatures. Called only when needed, as it may raise for a
            body that is too large or was cut off.
    """

    headers: Mapping[str, str]
    read_body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class WebhookSpec:
    """A vendor's webhooks.

    Args:
        verify: whether the request proves knowledge of one of the secrets. It compares in constant
            time, and never accepts an empty secret.
        parse: the event that a webhook's JSON reports; None for what cannot be understood.
        redact: what of a webhook's JSON may be stored in plain text: no data of people or their
            accounts. It takes any JSON, also what `parse` does not understand.
        challenge: the header WWW-Authenticate of refusals.
    """

    verify: Callable[[WebhookRequest, Sequence[WebhookSecret]], bool]
    parse: Callable[[Any], records.WebhookEvent | None]
    redact: Callable[[Any], dict[str, Any]]
    challenge: str


BASIC_CHALLENGE = 'Basic realm="webhooks"'


def has_basic_secret(request: WebhookRequest, secrets: Sequence[WebhookSecret]) -> bool:
    """Whether the header Authorization has user and secret of one of `secrets`."""
    user, secret = _basic_credentials(request.headers.get("Authorization", ""))
    # All comparisons are made, so that the duration reveals nothing.
    matches = [
        hmac.compare_digest(user.encode(), valid.user.encode())
        & hmac.compare_digest(secret.encode(), valid.secret.encode())
        & bool(valid.secret)
        for valid in secrets
    ]
    return any(matches)


def _basic_credentials(header: str) -> tuple[str, str]:
    """User and secret of the header, empty where there are none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "basic":
        with suppress(ValueError):  # not ASCII, not base64, or not UTF-8 inside
            user, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            return user, secret
    return "", ""
