"""/users."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sandbox.api import users as shared
from sandbox.api.http import optional_flag
from sandbox.platform_api.endpoint import answer, endpoint, find_user, page_of, params_of
from sandbox.world.models import User

ID_NAME = "id"


def render(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "guid": user.guid,
        "id": user.identifier,
        "is_disabled": user.is_disabled,
        "metadata": user.metadata,
    }


def _create(request: HttpRequest) -> HttpResponse:
    return answer({"user": render(shared.create(params_of(request, "user"), ID_NAME))})


def _list(request: HttpRequest) -> HttpResponse:
    rows, query = User.objects.order_by("id"), request.GET.dict()
    for name, column in (("id", "identifier"), ("email", "email")):
        if query.get(name):
            rows = rows.filter(**{column: query[name]})
    is_disabled = optional_flag(query, "is_disabled")
    if is_disabled is not None:
        rows = rows.filter(is_disabled=is_disabled)
    return page_of(request, "users", rows, lambda page: [render(row) for row in page])


def _read(request: HttpRequest, user: str) -> HttpResponse:
    return answer({"user": render(find_user(request, user))})


def _update(request: HttpRequest, user: str) -> HttpResponse:
    row = shared.update(find_user(request, user), params_of(request, "user"), ID_NAME)
    return answer({"user": render(row)})


def _delete(request: HttpRequest, user: str) -> HttpResponse:
    find_user(request, user).delete()
    return HttpResponse(status=204)


users = endpoint(GET=_list, POST=_create)
user = endpoint(GET=_read, PUT=_update, DELETE=_delete)
