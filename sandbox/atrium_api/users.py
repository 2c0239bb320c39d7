"""/users and /users/{guid}/connect_widget_url."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api.endpoint import answer, body, endpoint, list_page
from sandbox.atrium_api.errors import ApiError
from sandbox.world.models import Member, User, WidgetSession

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,200}")


def rendered(user: User) -> dict[str, Any]:
    return {
        "guid": user.guid,
        "identifier": user.identifier,
        "is_disabled": user.is_disabled,
        "metadata": user.metadata,
    }


def found(user_guid: str) -> User:
    user = User.objects.filter(guid=user_guid).first()
    if user is None:
        raise ApiError(404, "The requested user was not found.")
    return user


def _create(request: HttpRequest) -> HttpResponse:
    values = _values(body(request, "user"))
    if settings.USER_LIMIT and User.objects.count() >= settings.USER_LIMIT:
        raise ApiError(403, f"This environment is limited to {settings.USER_LIMIT} users.")
    try:
        user = User.objects.create(guid=f"USR-{uuid.uuid4()}", **values)
    except IntegrityError:
        raise _conflict(values["identifier"]) from None
    return answer({"user": rendered(user)})


def _values(given: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: given[name] for name in ("identifier", "metadata") if name in given
    }
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise ApiError(422, f"{name} must be a string.")
    identifier = values.get("identifier")
    if identifier is not None and not IDENTIFIER.fullmatch(identifier):
        raise ApiError(422, "identifier may hold letters, numbers, dashes and underscores.")
    if "is_disabled" in given:
        values["is_disabled"] = given["is_disabled"] is True
    return values


def _conflict(identifier: str) -> ApiError:
    return ApiError(409, f"A user already exists with identifier: '{identifier}'.")


def _list(request: HttpRequest) -> HttpResponse:
    return list_page(request, "users", [rendered(user) for user in User.objects.order_by("id")])


def _read(request: HttpRequest, user: str) -> HttpResponse:
    return answer({"user": rendered(found(user))})


def _update(request: HttpRequest, user: str) -> HttpResponse:
    row = found(user)
    values = _values(body(request, "user"))
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.save()
    except IntegrityError:
        raise _conflict(values["identifier"]) from None
    return answer({"user": rendered(row)})


def _delete(request: HttpRequest, user: str) -> HttpResponse:
    found(user).delete()
    return HttpResponse(status=204)


OPTIONS = (
    "client_redirect_url", "color_scheme", "current_institution_code", "current_member_guid",
    "disable_background_agg", "disable_institution_search", "include_identity",
    "include_transactions", "is_mobile_webview", "mode", "oauth_referral_source",
    "ui_message_version", "ui_message_webview_url_scheme", "update_credentials",
    "wait_for_full_aggregation",
)  # fmt: skip


def _widget_url(request: HttpRequest, user: str) -> HttpResponse:
    row = found(user)
    given = body(request)
    options = {name: given[name] for name in OPTIONS if given.get(name) is not None}
    if options.get("mode", "aggregation") not in ("aggregation", "verification"):
        raise ApiError(400, "mode must be aggregation or verification.")
    member = options.get("current_member_guid")
    if member and not Member.objects.filter(user=row, guid=member).exists():
        raise ApiError(404, "The requested member was not found.")
    session = WidgetSession.objects.create(
        token=secrets.token_urlsafe(32),
        key=secrets.token_urlsafe(32),
        guid=f"ANS-{uuid.uuid4()}",
        user=row,
        options=options,
    )
    url = request.build_absolute_uri(f"/md/connect/{session.token}")
    return answer({"user": {"connect_widget_url": url, "guid": row.guid}})


users = endpoint(GET=_list, POST=_create)
user = endpoint(GET=_read, PUT=_update, DELETE=_delete)
widget_url = endpoint(POST=_widget_url)
