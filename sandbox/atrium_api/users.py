"""/users."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import body, endpoint, flag, json_response, list_page, text
from sandbox.atrium_api.errors import ApiError
from sandbox.world import ids
from sandbox.world.models import User
from sandbox.world.rules import RULES

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,200}")
MAX_METADATA_LENGTH = 50_000
# Where the end user may be sent after the bank's page: pages and apps, never a script.
SCRIPTS = "javascript|data|vbscript|blob|file"
REDIRECT_URL = re.compile(rf"(?!({SCRIPTS}):)[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
SCHEME = re.compile(rf"(?!({SCRIPTS})$)[a-z][a-z0-9+.-]{{0,99}}", re.IGNORECASE)


def render(user: User) -> dict[str, Any]:
    return {
        "guid": user.guid,
        "identifier": user.identifier,
        "is_disabled": user.is_disabled,
        "metadata": user.metadata,
    }


def get_user(user_guid: str) -> User:
    user = User.objects.filter(guid=user_guid).first()
    if user is None:
        raise ApiError(404, "The requested user was not found.")
    return user


def get_enabled_user(user_guid: str) -> User:
    """The user; 403 if it is disabled, as MX does for its data."""
    user = get_user(user_guid)
    if user.is_disabled:
        raise ApiError(403, "The requested user is disabled.")
    return user


def identifier(params: dict[str, Any]) -> str | None:
    """The partner's own key of a user or member. Raises ApiError."""
    value = params.get("identifier")
    if value is not None and not isinstance(value, str):
        raise ApiError(422, "identifier must be a string.")
    if value is not None and not IDENTIFIER.fullmatch(value):
        raise ApiError(
            422, "identifier may hold letters, numbers, dashes and underscores, at most 200."
        )
    return value


def _create(request: HttpRequest) -> HttpResponse:
    values = _values(body(request, "user"))
    try:
        with transaction.atomic():
            if RULES.user_limit and User.objects.count() >= RULES.user_limit:
                raise ApiError(403, f"This environment is limited to {RULES.user_limit} users.")
            guid = ids.new("USR")
            person = values.get("identifier") or guid
            user = User.objects.create(guid=guid, person=person, **values)
    except IntegrityError:
        raise _conflict(values["identifier"]) from None
    return json_response({"user": render(user)})


def _values(params: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "identifier" in params:
        values["identifier"] = identifier(params)
    if "metadata" in params:
        values["metadata"] = text(params, "metadata", MAX_METADATA_LENGTH)
    if "is_disabled" in params:
        values["is_disabled"] = flag(params, "is_disabled")
    return values


def _conflict(identifier: str) -> ApiError:
    return ApiError(409, f"A user already exists with identifier: '{identifier}'.")


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(request, "users", User.objects.order_by("id"), render)


def _read(request: HttpRequest, user: str) -> HttpResponse:
    return json_response({"user": render(get_user(user))})


def _update(request: HttpRequest, user: str) -> HttpResponse:
    row = get_user(user)
    values = _values(body(request, "user"))
    for name, value in values.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise _conflict(values["identifier"]) from None
    return json_response({"user": render(row)})


def _delete(request: HttpRequest, user: str) -> HttpResponse:
    get_user(user).delete()
    return HttpResponse(status=204)


users = endpoint(GET=_list, POST=_create)
user = endpoint(GET=_read, PUT=_update, DELETE=_delete)
