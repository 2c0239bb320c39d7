"""JWTs that a tenant's back end signs for one of its clients; exchanged for client tokens.

Contract: docs/hydrogen-contract.md#tokens.

RS512 only, signed with the private half of the key uploaded for the application. `iss` is the
client id, `sub` the lower-cased user name of the Nucleus client. `iat` and `exp` are in
milliseconds, as Hydrogen's clients send them, or in seconds, as RFC 7519 says. A JWT with a `jti`
can be used once.
"""

from __future__ import annotations

import json
import time
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from rest_framework.exceptions import AuthenticationFailed

from gateway.access import counters
from gateway.access.models import Application
from nucleus.models import Client

ALGORITHM = "RS512"
MAX_LIFETIME = 3600.0  # seconds
CLOCK_SKEW = 60.0  # seconds that a signer's clock may be ahead
MILLISECONDS_FROM = 1e11  # larger numbers are milliseconds; as seconds this is the year 5138
MAX_TIME = 1e18
MAX_LENGTH = 8192  # characters


def authenticate(*, application: Application, token: str) -> Client:
    """The active client that the JWT is about.

    Raises:
        AuthenticationFailed: with what is wrong with the JWT, but none of its text.
    """
    if not application.client_token_key:
        raise AuthenticationFailed("This application has no client token key. Upload one first.")
    claims = _verified_claims(application.client_token_key, token)
    if claims.get("iss") != application.client_id:
        raise AuthenticationFailed("The JWT's `iss` must be the client id.")
    _check_times(claims)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise AuthenticationFailed("The JWT's `sub` must be the client's user name.")
    client = Client.find_by_username_in_any_case(application.tenant, subject)
    if client is None or not client.is_active:
        raise AuthenticationFailed("The JWT's `sub` is not an active client of this tenant.")
    if "jti" in claims:
        _use_once(application, claims["jti"])
    return client


def _verified_claims(public_key: str, token: str) -> dict[str, Any]:
    """The claims, after the signature was verified. Raises AuthenticationFailed."""
    if len(token) > MAX_LENGTH or token.count(".") != 2:
        raise AuthenticationFailed("Send the header `Client-Token: Bearer <JWT>`.")
    signature = JWS()
    signature.allowed_algs = [ALGORITHM]
    try:
        signature.deserialize(token, JWK.from_pem(public_key.encode()))
        claims = json.loads(signature.payload)
    except (JWException, ValueError, RecursionError):
        raise AuthenticationFailed(
            f"The JWT must be signed with {ALGORITHM} by the application's key."
        ) from None
    if not isinstance(claims, dict):
        raise AuthenticationFailed("The JWT's claims must be a JSON object.")
    return claims


def _check_times(claims: dict[str, Any]) -> None:
    now = time.time()
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if issued > now + CLOCK_SKEW:
        raise AuthenticationFailed("The JWT's `iat` is in the future; check the clock.")
    if expires <= now:
        raise AuthenticationFailed("The JWT has expired.")
    if expires - issued > MAX_LIFETIME:
        raise AuthenticationFailed("The JWT may be valid for one hour at most.")
    if "nbf" in claims and _seconds(claims, "nbf") > now + CLOCK_SKEW:
        raise AuthenticationFailed("The JWT is not valid yet.")


def _seconds(claims: dict[str, Any], name: str) -> float:
    """A claim as seconds since 1970. Raises AuthenticationFailed."""
    value: Any = claims.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared before the conversion: an integer in JSON can be larger than any float.
    if not is_number or not 0 < value < MAX_TIME:
        raise AuthenticationFailed(f"The JWT's `{name}` must be a time, in milliseconds.")
    return float(value) / (1000 if value >= MILLISECONDS_FROM else 1)


def _use_once(application: Application, token_id: object) -> None:
    key = counters.hashed_key("jti", application.pk, json.dumps(token_id))
    if not counters.increment(key, limit=1, seconds=MAX_LIFETIME + CLOCK_SKEW).admitted:
        raise AuthenticationFailed("This JWT has been used already. Sign a new one.")
