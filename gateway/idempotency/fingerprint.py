"""A keyed hash of a request, to tell a repetition from another request with the same key."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from gateway.access.authentication import Caller

SALT = "gateway.idempotency"  # stored fingerprints depend on it: it must not change


def fingerprint(request: HttpRequest, caller: Caller, body: bytes) -> str:
    """Hash what must be equal in a repetition, including whether the token sees account numbers.

    Keyed, because a body may contain a password or an account number, which could be guessed from
    a plain hash in a stolen table.
    """
    parts = [
        request.method,
        request.path_info,
        request.META.get("QUERY_STRING", ""),
        caller.has_scope("account_numbers"),
        canonical_body(body),
    ]
    return str(salted_hmac(SALT, json.dumps(parts), algorithm="sha256").hexdigest())


def canonical_body(body: bytes) -> str:
    """JSON without white space and with ordered members; other bodies as hexadecimal digits.

    Numbers keep their digits and differ from strings; members that occur twice stay two.
    """
    try:
        value = json.loads(
            body.decode(),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
            object_pairs_hook=_members,
        )
        return json.dumps(value)
    except (ValueError, RecursionError):
        return body.hex()


def _number(digits: str) -> dict[str, str]:
    return {"number": digits}


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {"members": sorted(pairs, key=itemgetter(0))}
