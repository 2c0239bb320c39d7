"""MX's users: finding, creating and changing them."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction

from sandbox.api.errors import ApiError
from sandbox.api.http import flag, text
from sandbox.world import ids
from sandbox.world.models import User
from sandbox.world.rules import RULES

OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
MAX_METADATA_LENGTH = 50_000
MAX_EMAIL_LENGTH = 255


def get_user(guid: str) -> User:
    user = User.objects.filter(guid=guid).first()
    if user is None:
        raise ApiError(404, "The requested user was not found.")
    return user


def get_enabled_user(guid: str) -> User:
    """The user; 403 if it is disabled, as MX does for its data."""
    user = get_user(guid)
    if user.is_disabled:
        raise ApiError(403, "The requested user is disabled.")
    return user


def own_id(params: dict[str, Any], name: str) -> str | None:
    """The partner's own key of a user or member, which each API calls by its name."""
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(422, f"{name} must be a string.")
    if value is not None and not OWN_ID.fullmatch(value):
        raise ApiError(
            422, f"{name} may hold letters, numbers, dashes and underscores, at most 200."
        )
    return value


def create(params: dict[str, Any], id_name: str) -> User:
    """Create a user. Raises ApiError.

    Args:
        id_name: what the API calls the partner's own key.
    """
    values = _values(params, id_name)
    try:
        with transaction.atomic():
            if RULES.user_limit and User.objects.count() >= RULES.user_limit:
                raise ApiError(403, f"This environment is limited to {RULES.user_limit} users.")
            guid = ids.new("USR")
            person = values.get("identifier") or guid
            return User.objects.create(guid=guid, person=person, **values)
    except IntegrityError:
        raise _conflict(values, id_name) from None


def update(user: User, params: dict[str, Any], id_name: str) -> User:
    """Change a user. Raises ApiError."""
    values = _values(params, id_name)
    for name, value in values.items():
        setattr(user, name, value)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise _conflict(values, id_name) from None
    return user


def _values(params: dict[str, Any], id_name: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if id_name in params:
        values["identifier"] = own_id(params, id_name)
    if "metadata" in params:
        values["metadata"] = text(params, "metadata", MAX_METADATA_LENGTH)
    if "email" in params:
        values["email"] = text(params, "email", MAX_EMAIL_LENGTH)
    if "is_disabled" in params:
        values["is_disabled"] = flag(params, "is_disabled")
    return values


def _conflict(values: dict[str, Any], id_name: str) -> ApiError:
    return ApiError(409, f"A user already exists with {id_name}: '{values['identifier']}'.")
