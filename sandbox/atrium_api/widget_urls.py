"""POST /users/{guid}/connect_widget_url, with every option of the reference."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.atrium_api import users
from sandbox.atrium_api.endpoint import body, endpoint, flag, json_response, text
from sandbox.atrium_api.errors import ApiError
from sandbox.world import clock, ids
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.models import Member, User, WidgetSession

CHOICES = {
    "color_scheme": ("light", "dark"),
    "mode": ("aggregation", "verification"),
    "oauth_referral_source": ("BROWSER", "APP"),
}
FLAGS = {
    "disable_background_agg": False,
    "disable_institution_search": False,
    "include_identity": False,
    "include_transactions": True,
    "is_mobile_webview": False,
    "update_credentials": False,
}  # wait_for_full_aggregation is ignored, as by MX


def _create(request: HttpRequest, user: str) -> HttpResponse:
    row = users.get_enabled_user(user)
    session = WidgetSession.objects.create(
        token=secrets.token_urlsafe(32),
        key=secrets.token_urlsafe(32),
        guid=ids.new("ANS"),
        user=row,
        options={**_options(row, body(request)), "language": _language(request)},
        created_at=clock.now(),
    )
    url = request.build_absolute_uri(f"/md/connect/{session.token}")
    return json_response({"user": {"connect_widget_url": url, "guid": row.guid}})


def _language(request: HttpRequest) -> str:
    """The language that the caller asks for; the sandbox's own texts are in English only."""
    return request.headers.get("Accept-Language", "en")[:100]


def _options(user: User, params: dict[str, Any]) -> dict[str, Any]:
    """The options, complete and checked. Raises ApiError."""
    options: dict[str, Any] = {
        name: flag(params, name, default=default) for name, default in FLAGS.items()
    }
    for name, choices in CHOICES.items():
        options[name] = params.get(name) or choices[0]
        if options[name] not in choices:
            raise ApiError(400, f"{name} must be {' or '.join(choices)}.")
    options["ui_message_version"] = _version(params.get("ui_message_version"))
    options["client_redirect_url"] = text(params, "client_redirect_url")
    options["ui_message_webview_url_scheme"] = (
        text(params, "ui_message_webview_url_scheme") or "atrium"
    )
    if not users.SCHEME.fullmatch(options["ui_message_webview_url_scheme"]):
        raise ApiError(400, "ui_message_webview_url_scheme cannot be used.")
    url = options["client_redirect_url"]
    if url and not users.REDIRECT_URL.fullmatch(url):
        raise ApiError(400, "client_redirect_url cannot be used.")
    return options | _target(user, params)


def _version(params: Any) -> int:
    """The version of the messages; 0, the oldest, where there is none."""
    if params is None or params == "":
        return 0
    if isinstance(params, bool) or not str(params).isdecimal() or not 0 <= int(params) <= 4:
        raise ApiError(400, "ui_message_version must be a number up to 4.")
    return int(params)


def _target(user: User, params: dict[str, Any]) -> dict[str, Any]:
    """The member or institution to begin with; the member takes precedence."""
    member, code = text(params, "current_member_guid"), text(params, "current_institution_code")
    if member and not Member.objects.filter(user=user, guid=member).exists():
        raise ApiError(404, "The requested member was not found.")
    if code and not member and code not in INSTITUTIONS:
        raise ApiError(400, "Unrecognized institution.")
    target = {"current_member_guid": member, "current_institution_code": code}
    return {name: value for name, value in target.items() if value}


widget_url = endpoint(POST=_create)
