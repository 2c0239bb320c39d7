"""The admin shows no secret to anybody, and no request to it is a 500."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client as HttpClient

from nucleus.admin.base import BaseAdmin
from nucleus.admin.secret_columns import secret_names
from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import (
    MARKUP,
    mark_up,
    path_of,
    populate,
    row_of,
    screens,
)

pytestmark = [
    pytest.mark.embedded,  # many pages, the same on every database
    pytest.mark.usefixtures("no_menu"),
]
GENERAL = (
    "", "nucleus/", "integrations/", "auth/", "access/", "search/?s=canary",
    "search/?s=c&extended=1", "password_change/", "jsi18n/", "nothing/", "login/",
)  # fmt: skip


def pages(model: type[Model]) -> list[str]:
    """The pages of one screen."""
    pk = row_of(model).pk
    of_a_row = [f"{pk}/{page}/" for page in ("change", "history", "delete", "password", "test")]
    return [path_of(model, page) for page in ("", "add/", *of_a_row)]


def variants(model: type[Model]) -> list[str]:
    """The same pages, asked for differently."""
    pk = row_of(model).pk
    suffixes = ["?all=1&o=1.2.-3&_popup=1", "?q=canary", f"{pk}/change/?_popup=1", f"{pk}/"]
    return [path_of(model, page) for page in suffixes]


def posts(model: type[Model], screen: ModelAdmin[Any]) -> list[dict[str, str]]:
    """Every action of one screen, asking and confirmed."""
    names = [str(getattr(action, "__name__", action)) for action in screen.actions or ()]
    chosen = {"_selected_action": str(row_of(model).pk)}
    forms = [{"action": name} | chosen for name in (*names, "delete_selected", "nonsense")]
    return forms + [form | {"confirmed": "yes"} for form in forms if form["action"] in names]


def assert_no_canaries(http: HttpClient, canaries: list[str], path: str, body: Any = None) -> None:
    response = http.get(path) if body is None else http.post(path, body)
    assert response.status_code in (200, 301, 302, 403, 404), (path, body, response.status_code)
    text = response.content.decode()
    assert not [canary for canary in canaries if canary in text], (path, body)
    if response.status_code == 302 and body is not None:
        assert_no_canaries(http, canaries, response["Location"])


def test_every_screen_has_the_same_base(db: Any):
    for model, screen in screens():
        assert isinstance(screen, BaseAdmin), model
        assert not screen.inlines, "inlines need the same base"


def test_every_secret_column_has_a_canary(tenant: Tenant):
    canaries = populate(tenant)
    assert len(canaries) >= 10
    for model, _ in screens():
        for name in secret_names(model):
            assert getattr(row_of(model), name) in canaries, (model, name)


def test_viewers_see_no_secret(tenant: Tenant, staff: Staff):
    canaries = populate(tenant)
    views = [f"{model._meta.app_label}.view_{model._meta.model_name}" for model, _ in screens()]
    viewer = staff(*views)
    for page in GENERAL:
        assert_no_canaries(viewer, canaries, f"/admin/{page}")
    for model, screen in screens():
        assert viewer.get(path_of(model)).status_code == 200
        change = path_of(model, f"{row_of(model).pk}/change/")
        assert viewer.get(change).status_code == 200, model
        assert viewer.post(change, {}).status_code == 403, model
        for path in pages(model) + variants(model):
            assert_no_canaries(viewer, canaries, path)
        for body in posts(model, screen):
            assert_no_canaries(viewer, canaries, path_of(model), body)


def test_a_single_permission(tenant: Tenant, staff: Staff, plain_errors: None):
    canaries = populate(tenant)
    models = [model for model, _ in screens()]
    for permission in Permission.objects.select_related("content_type"):
        model = permission.content_type.model_class()
        name = f"{permission.content_type.app_label}.{permission.codename}"
        if model not in models:
            continue
        http = staff(name, name=name)
        assert_no_canaries(http, canaries, "/admin/")
        for path in pages(model):
            assert_no_canaries(http, canaries, path)


def test_a_superuser_sees_none_either_and_markup_stays_text(tenant: Tenant, superuser: HttpClient):
    canaries = populate(tenant)
    mark_up()
    superuser.cookies.clear()
    superuser.force_login(User.objects.create(username="other", is_staff=True, is_superuser=True))
    escaped = 0
    for model, screen in screens():
        responses = [superuser.get(path) for path in pages(model)]
        responses += [
            superuser.post(path_of(model), body)
            for body in posts(model, screen)
            if "confirmed" not in body
        ]
        for response in responses:
            assert response.status_code in (200, 302, 403, 404), response.request["PATH_INFO"]
            text = response.content.decode()
            assert MARKUP not in text, response.request["PATH_INFO"]
            shown = [canary for canary in canaries if canary in text]
            assert not shown, response.request["PATH_INFO"]
            escaped += "&lt;script&gt;" in text
    assert escaped > 40
    hostile = superuser.get("/admin/nucleus/client/", {"q": MARKUP})
    assert MARKUP not in hostile.content.decode()
    assert MARKUP not in superuser.get(f"/admin/{MARKUP}/").content.decode()


def test_no_list_names_a_secret():
    for model, screen in screens():
        named = {
            *map(str, screen.list_display), *map(str, screen.search_fields),
            *map(str, screen.list_filter), *map(str, screen.ordering or ()),
        }  # fmt: skip
        parts = {part.strip("-=^@") for name in named for part in name.split("__")}
        for other, _ in screens():
            assert not parts & secret_names(other), model


@pytest.mark.parametrize(
    "page", ["zzz/test/", "%00/test/", "zzz/change/", "%00/history/", "9" * 400 + "/history/"]
)
def test_impossible_ids_are_no_500(tenant: Tenant, superuser: HttpClient, page: str):
    populate(tenant)
    for model, _ in screens():
        assert superuser.get(path_of(model, page)).status_code in (302, 404), model


def test_impossible_selected_ids_are_no_500(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    for model, _ in screens():
        for value in ("zzz", "\0", "9" * 400, ""):
            body = {"action": "delete_selected", "_selected_action": value}
            assert superuser.post(path_of(model), body).status_code in (200, 302, 400, 404), model
