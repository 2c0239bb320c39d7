"""Staff who are bound to tenants find nothing of other ones, by any id, search, filter or URL."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client as HttpClient
from django.urls import reverse

from nucleus.admin.tenant_access import confine, visible_tenants
from nucleus.models import Institution, StaffAccess, Tenant
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import mark_up, path_of, populate, row_of, screens, url_patterns

pytestmark = pytest.mark.embedded  # many pages, the same on every database

MARK = "not-of-this-tenant"
GENERAL = ("", "nucleus/", "integrations/", "auth/", "access/", f"search/?s={MARK}&extended=1")
USERS = "/admin/auth/user/"


def everything() -> list[str]:
    """All permissions."""
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return [f"{app}.{codename}" for app, codename in rows]


def screens_of_tenants() -> list[tuple[type[Model], ModelAdmin[Any]]]:
    return [(model, screen) for model, screen in screens() if model is not Group]


def foreign_staff(staff: Staff) -> tuple[HttpClient, Tenant]:
    """Staff of two tenants without rows, beside one that has rows of every kind."""
    other: Any = TenantFactory()
    populate(other)
    mark_up(MARK)
    Group.objects.filter(name=MARK).update(name="Of nobody")  # roles are shared
    own: list[Any] = [TenantFactory(), TenantFactory()]
    return staff(*everything(), tenants=own), other


def foreign_row(model: type[Model]) -> Any:
    return Tenant.objects.get(name=MARK) if model is Tenant else row_of(model)


def assert_nothing_found(response: Any, *values: str) -> None:
    text = response.content.decode()
    for echo in (f"s={MARK}", f'value="{MARK}"', f"“{MARK}”"):  # of what was searched for
        text = text.replace(echo, "")
    assert MARK not in text
    assert not [value for value in values if value in text], response.request["PATH_INFO"]


def test_lists_search_filters_and_forms_have_nothing_of_others(staff: Staff, plain_errors: None):
    http, other = foreign_staff(staff)
    for page in GENERAL:
        assert_nothing_found(http.get(f"/admin/{page}"), str(other.pk))
    for model, screen in screens_of_tenants():
        pk = str(foreign_row(model).pk)
        shown = http.get(path_of(model))
        assert shown.status_code == 200
        assert_nothing_found(shown, *([pk] if len(pk) > 10 else []), str(other.pk))
        for query in ({"all": "1"}, {"q": MARK}, {"q": str(other.pk)}):
            rows = http.get(path_of(model), query).context["cl"].result_list
            assert not [row for row in rows if row == foreign_row(model)], (model, query)
        if "tenant" in {field.name for field in model._meta.fields}:
            query = {"tenant__id__exact": str(other.pk)}
            assert not http.get(path_of(model), query).context["cl"].result_list, model
        if screen.has_add_permission(shown.wsgi_request):
            assert_nothing_found(http.get(path_of(model, "add/")), str(other.pk))


def test_no_url_leads_to_another_tenants_row(staff: Staff, plain_errors: None):
    http, _ = foreign_staff(staff)
    rows = [foreign_row(model) for model, _ in screens_of_tenants()]
    walked = 0
    for groups, pattern in url_patterns(admin.site.urls[0]):
        if not pattern.pattern.converters or not pattern.name or "auth/group/" in groups:
            continue
        if pattern.name in ("view_on_site", "app_list"):
            continue
        own = [row for row in rows if path_of(type(row)) == "/admin/" + "".join(groups)]
        for row in own or rows:
            numbers = dict.fromkeys(pattern.pattern.converters, row.pk)
            try:
                path = reverse(f"admin:{pattern.name}", kwargs=numbers)
            except Exception:  # noqa: S112 - a URL for another kind of id
                continue
            walked += 1
            for response in (http.get(path), http.post(path, {"post": "yes"})):
                assert response.status_code in (403, 404, 405), (path, response.status_code)
                assert_nothing_found(response)
    assert walked >= 3 * len(rows)


def test_actions_do_nothing_to_rows_of_others(staff: Staff, plain_errors: None):
    http, _ = foreign_staff(staff)
    for model, screen in screens_of_tenants():
        row, request = foreign_row(model), http.get(path_of(model)).wsgi_request
        for action in screen.get_actions(request):
            for more in ({}, {"select_across": "1"}):
                body = {"action": action, "_selected_action": str(row.pk), "confirmed": "yes"}
                response = http.post(path_of(model), body | {"post": "yes", **more})
                assert response.status_code == 404, (model, action)


def test_staff_find_rows_of_their_tenants(staff: Staff, tenant: Tenant):
    populate(tenant)
    http = staff(*everything(), tenants=[tenant])
    for model, _ in screens():
        row = row_of(model)
        assert http.get(path_of(model), {"q": ""}).context["cl"].result_list, model
        assert http.get(path_of(model, f"{row.pk}/change/")).status_code == 200, model
        assert http.get(path_of(model, f"{row.pk}/history/")).status_code == 200, model


def test_staff_without_a_tenant_find_nothing(staff: Staff, tenant: Tenant):
    populate(tenant)
    StaffAccess.objects.all().delete()
    http = staff(*everything(), tenants=[])
    StaffAccess.objects.all().delete()
    for model, _ in screens_of_tenants():
        rows = list(http.get(path_of(model)).context["cl"].result_list)
        expected = [User.objects.get(username="viewer")] if model is User else []
        assert rows == expected, model


def test_only_banks_are_shared_by_all_tenants(staff: Staff, tenant: Tenant):
    staff(tenants=[tenant])
    user = User.objects.get(username="viewer")
    shared = Institution.objects.create(name="Shared", source="mx", code="s")
    other: Any = TenantFactory()
    Institution.objects.create(name="Of another", tenant=other)
    assert list(confine(Institution.objects.all(), user)) == [shared]
    assert list(visible_tenants(user)) == [tenant]
    assert not confine(Group.objects.all(), user)  # nothing leads to its tenant


def test_staff_of_several_tenants_choose_one(staff: Staff, tenant: Tenant):
    second: Any = TenantFactory(name="Second")
    client: Any = ClientFactory(tenant=second)
    ClientFactory(tenant=tenant)
    of_one = staff("nucleus.view_client", name="of one", tenants=[tenant])
    of_two = staff("nucleus.view_client", name="of two", tenants=[tenant, second])
    filtered = f"?tenant__id__exact={second.pk}"
    assert filtered not in of_one.get("/admin/nucleus/client/").content.decode()
    assert of_one.get(f"/admin/nucleus/client/{filtered}").status_code == 400
    assert filtered in of_two.get("/admin/nucleus/client/").content.decode()
    shown = of_two.get(f"/admin/nucleus/client/{filtered}").context["cl"].result_list
    assert list(shown) == [client]


def test_nobody_grants_a_tenant_that_they_do_not_see(staff: Staff, tenant: Tenant):
    other: Any = TenantFactory(name="Elsewhere")
    manager = staff("auth.view_user", "auth.change_user", "auth.add_user", tenants=[tenant])
    body = {
        "username": "new", "usable_password": "true", "password1": "new password 2718",
        "password2": "new password 2718", "all_tenants": "on",
    }  # fmt: skip
    assert "Elsewhere" not in manager.get(f"{USERS}add/").content.decode()
    for tenants in ([], [str(other.pk)], [str(tenant.pk), str(other.pk)]):
        assert manager.post(f"{USERS}add/", body | {"tenants": tenants}).status_code == 200
    assert not User.objects.filter(username="new").exists()
    assert manager.post(f"{USERS}add/", body | {"tenants": [str(tenant.pk)]}).status_code == 302
    access = StaffAccess.objects.get(user__username="new")
    assert (access.all_tenants, list(access.tenants.all())) == (False, [tenant])
    path = f"{USERS}{access.user_id}/change/"
    assert manager.get(path).status_code == 200
    access.tenants.add(other)
    assert manager.get(path).status_code == 404
    assert manager.post(f"{USERS}{access.user_id}/password/", body).status_code == 404
    assert "Elsewhere" not in manager.get(USERS).content.decode()


def test_a_superuser_binds_staff_to_tenants(staff: Staff, superuser: HttpClient, tenant: Tenant):
    staff(name="other", tenants=[])
    other = User.objects.get(username="other")
    body = {
        "username": "other", "is_staff": "on", "is_active": "on", "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00", "tenants": [str(tenant.pk)],
    }  # fmt: skip
    assert superuser.post(f"{USERS}{other.pk}/change/", body).status_code == 302
    assert list(other.staff_access.tenants.all()) == [tenant]
    assert f'value="{tenant.pk}"' in superuser.get(f"{USERS}{other.pk}/change/").content.decode()
    assert str(tenant) in superuser.get(USERS).content.decode()


def test_only_those_who_see_all_tenants_add_one(staff: Staff, tenant: Tenant):
    bound = staff("nucleus.add_tenant", "nucleus.view_tenant", name="bound", tenants=[tenant])
    assert bound.get("/admin/nucleus/tenant/add/").status_code == 403
    free = staff("nucleus.add_tenant", "nucleus.view_tenant", name="free")
    assert free.get("/admin/nucleus/tenant/add/").status_code == 200
