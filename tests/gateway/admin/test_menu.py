"""The menu shows what somebody may open, and all of it opens."""

from __future__ import annotations

import re

import pytest
from django.test import Client as HttpClient

from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, screens

LIST = re.compile(r'href="(/admin/\w+/\w+/)"')
EVERY_LIST = {path_of(model) for model, _ in screens()}


def links(http: HttpClient, path: str = "/admin/") -> set[str]:
    return set(LIST.findall(http.get(path).content.decode())) & EVERY_LIST


def test_a_superuser_reaches_every_screen(superuser: HttpClient):
    assert links(superuser) | {"/admin/integrations/verificationsettings/"} == EVERY_LIST


@pytest.mark.parametrize(
    "permission", ["integrations.view_job", "nucleus.change_tenant", "auth.view_group"]
)
def test_others_see_what_they_may_open(staff: Staff, tenant: Tenant, permission: str):
    http = staff(permission)
    app, codename = permission.split(".")
    own = f"/admin/{app}/{codename.split('_')[1]}/"
    assert links(http) == {own}
    assert links(http, own) == {own}
    assert http.get(own).status_code == 200


def test_tabs_of_settings_are_shown_to_those_who_may_open_them(staff: Staff):
    http = staff("integrations.view_aggregationsettings")
    path = "/admin/integrations/aggregationsettings/"
    assert links(http, path) == {path}


def test_somebody_without_permissions_is_told_so(staff: Staff):
    assert links(staff()) == set()
