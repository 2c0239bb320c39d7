"""Widget URLs: their options, checked and complete, and the session behind them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from sandbox.api.errors import ApiError
from sandbox.api.http import flag, text
from sandbox.api.members import REDIRECT_URL, SCHEME
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


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a request says nothing; the APIs differ in it."""

    message_version: int
    scheme: str


def open_session(request: HttpRequest, user: User, options: dict[str, Any]) -> str:
    """The URL of a new session with these options."""
    session = WidgetSession.objects.create(
        token=secrets.token_urlsafe(32),
        key=secrets.token_urlsafe(32),
        guid=ids.new("ANS"),
        user=user,
        options={**options, "language": _language(request)},
        created_at=clock.now(),
    )
    return request.build_absolute_uri(f"/md/connect/{session.token}")


def _language(request: HttpRequest) -> str:
    """The language that the caller asks for; the sandbox's own texts are in English only."""
    return request.headers.get("Accept-Language", "en")[:100]


def check(user: User, params: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The options, complete and checked. Raises ApiError."""
    options: dict[str, Any] = {
        name: flag(params, name, default=default) for name, default in FLAGS.items()
    }
    for name, choices in CHOICES.items():
        options[name] = params.get(name) or choices[0]
        if options[name] not in choices:
            raise ApiError(400, f"{name} must be {' or '.join(choices)}.")
    version = params.get("ui_message_version")
    options["ui_message_version"] = _version(version, defaults.message_version)
    options["client_redirect_url"] = text(params, "client_redirect_url")
    options["ui_message_webview_url_scheme"] = (
        text(params, "ui_message_webview_url_scheme") or defaults.scheme
    )
    if not SCHEME.fullmatch(options["ui_message_webview_url_scheme"]):
        raise ApiError(400, "ui_message_webview_url_scheme cannot be used.")
    url = options["client_redirect_url"]
    if url and not REDIRECT_URL.fullmatch(url):
        raise ApiError(400, "client_redirect_url cannot be used.")
    return options | _target(user, params)


def _version(value: Any, default: int) -> int:
    """The version of the messages."""
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not str(value).isdecimal() or not 0 <= int(value) <= 4:
        raise ApiError(400, "ui_message_version must be a number up to 4.")
    return int(value)


def _target(user: User, params: dict[str, Any]) -> dict[str, Any]:
    """The member or institution to begin with; the member takes precedence."""
    member, code = text(params, "current_member_guid"), text(params, "current_institution_code")
    if member and not Member.objects.filter(user=user, guid=member).exists():
        raise ApiError(404, "The requested member was not found.")
    if code and not member and code not in INSTITUTIONS:
        raise ApiError(400, "Unrecognized institution.")
    target = {"current_member_guid": member, "current_institution_code": code}
    return {name: value for name, value in target.items() if value}
