"""POST /users/{guid}/widget_urls: the Connect widget with the options of each version."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import dialects
from sandbox.api.errors import ApiError
from sandbox.api.http import flag
from sandbox.api.users import get_enabled_user
from sandbox.api.widget_options import Defaults, check, open_session
from sandbox.platform_api import products
from sandbox.platform_api.endpoint import answer, endpoint, params_of
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.models import User

CONNECT = "connect_widget"
DEFAULTS = Defaults(message_version=4, scheme="mx")
# What 2025 asks for with products instead.
REPLACED = ("mode", "include_identity", "include_transactions", "disable_background_agg")


def _create(request: HttpRequest, user: str) -> HttpResponse:
    row, params = get_enabled_user(user), params_of(request, "widget_url")
    if params.get("widget_type") != CONNECT:
        raise ApiError(400, f"The sandbox has one widget_type: {CONNECT}.")
    read = _of_2025 if dialects.is_2025(request) else _of_2011
    options = read(row, _with_code(params))
    url = open_session(request, row, options)
    shown = {"type": CONNECT, "url": url, "user_id": row.identifier}
    return answer({"widget_url": shown})


def _with_code(params: dict[str, Any]) -> dict[str, Any]:
    """An institution may be named by its guid, and the colours may be the browser's."""
    by_guid = {row.guid: row.code for row in INSTITUTIONS.values()}
    guid = params.get("current_institution_guid")
    if guid and not params.get("current_institution_code"):
        params = params | {"current_institution_code": by_guid.get(str(guid), str(guid))}
    if flag(params, "is_mobile_webview") and not params.get("oauth_referral_source"):
        params = params | {"oauth_referral_source": "APP"}
    return params


def _of_2011(user: User, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("mode") == "verification":
        only = {"include_transactions": False, "disable_background_agg": True}
        sent = {name: value for name, value in params.items() if value is not None}
        params = only | sent
    return check(user, params, DEFAULTS)


def _of_2025(user: User, params: dict[str, Any]) -> dict[str, Any]:
    sent = {name: value for name, value in params.items() if name not in REPLACED}
    if sent.get("color_scheme") == "browser":
        sent["color_scheme"] = "light"
    options = check(user, sent, DEFAULTS)
    request = params.get("data_request")
    purpose = products.of_products(request) if request is not None else products.Purpose()
    return options | {
        "mode": "verification" if purpose.verifies else "aggregation",
        "include_identity": purpose.identifies,
        "include_transactions": purpose.transactions,
        "disable_background_agg": purpose.stops_background,
        "more_jobs": list(purpose.more_jobs),
    }


widget_url = endpoint(POST=_create)
