"""POST /users/{guid}/connect_widget_url, with every option of the reference."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sandbox.api import users
from sandbox.api.http import body, json_response
from sandbox.api.widget_options import Defaults, check, open_session
from sandbox.atrium_api.endpoint import endpoint

DEFAULTS = Defaults(message_version=0, scheme="atrium")  # 0: the oldest


def _create(request: HttpRequest, user: str) -> HttpResponse:
    row = users.get_enabled_user(user)
    url = open_session(request, row, check(row, body(request), DEFAULTS))
    return json_response({"user": {"connect_widget_url": url, "guid": row.guid}})


widget_url = endpoint(POST=_create)
