from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client as HttpClient
from unfold.sites import UnfoldAdminSite

from gateway.errors import admin_pages
from nucleus.models import StaffAccess, Tenant
from tests.gateway.admin.customers import Customer, make_customer

Staff = Callable[..., HttpClient]


@pytest.fixture(autouse=True)
def no_cached_numbers() -> None:
    """The menu's numbers are cached by user, and every test has a user 1."""
    cache.clear()


@pytest.fixture
def staff(db: Any) -> Staff:
    """Somebody of staff who holds these permissions, as `app.codename`, logged in.

    They see all tenants, or those in `tenants`; `role` is the name of a role.
    """

    def make(
        *permissions: str,
        name: str = "viewer",
        is_superuser: bool = False,
        tenants: Sequence[Tenant] | None = None,
        role: str = "",
    ) -> HttpClient:
        user = User.objects.create(username=name, is_staff=True, is_superuser=is_superuser)
        access = StaffAccess.objects.create(user=user, all_tenants=tenants is None)
        access.tenants.set(tenants or [])
        if role:
            user.groups.add(Group.objects.get(name=role))
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        http = HttpClient(raise_request_exception=False)
        http.force_login(user)
        return http

    return make


@pytest.fixture
def superuser(staff: Staff) -> HttpClient:
    return staff(name="root", is_superuser=True)


@pytest.fixture
def no_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without the menu, which is the same on all and takes half of a page's time."""

    def nothing(site: UnfoldAdminSite, request: HttpRequest) -> list[dict[str, Any]]:
        return []

    monkeypatch.setattr(UnfoldAdminSite, "get_sidebar_list", nothing)


@pytest.fixture
def customer(tenant: Tenant) -> Customer:
    return make_customer(tenant)


@pytest.fixture
def plain_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Error pages without the admin's layout, which takes most of the time of a refused request."""

    def render(request: HttpRequest, body: dict[str, Any], headers: dict[str, str]) -> HttpResponse:
        return HttpResponse(str(body), status=body["status"], headers=headers)

    monkeypatch.setattr(admin_pages, "render", render)
