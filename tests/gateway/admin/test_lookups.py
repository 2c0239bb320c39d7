"""Query strings of the admin can filter by what the lists offer only."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Field, Model
from django.test import Client as HttpClient
from django.test import RequestFactory

from nucleus.admin.secret_columns import secret_names
from nucleus.models import Tenant
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, screens

pytestmark = [
    pytest.mark.embedded,  # many pages; what is refused is refused before the database
    pytest.mark.usefixtures("no_menu", "plain_errors"),
]
OPERATORS = ("", "__startswith", "__gt", "__regex", "__isnull", "__exact", "__in", "__contains")
NESTED = (
    "tenant__application__client_secret__startswith", "user__password__startswith",
    "tenant__slug", "id__gt", "pk__startswith", "client__password__startswith", "nothing__at_all",
    "vendor_user__client__password__startswith", "application__client_secret__startswith",
)  # fmt: skip

HOSTILE = (
    "p=99999", "p=-1", f"p=1{'0' * 26}", "o=abc", "o=9999.-5000", "o=password", "q=%00",
    "q=%F0%9F%92%A9", f"q={'x' * 5000}", "all=x", "e=", "_facets=x", "%ff%fe=1", "_popup=x",
    "is_active__exact=%00", "state__exact=zzz", "tenant__id__exact=zzz", "tenant=%00",
    "status__in=a,b", "create_date__gte=never", "groups__id__exact=zzz", "__=1", "id=1",
    "password__startswith[]=a", "_changelist_filters=password__startswith%3Da", "_facets=True",
)  # fmt: skip


def columns(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.get_fields() if isinstance(field, Field)]


def test_secrets_cannot_be_asked_about(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    for model, _ in screens():
        for name in secret_names(model):
            for operator in OPERATORS:
                response = superuser.get(path_of(model), {f"{name}{operator}": "canary"})
                assert response.status_code == 400, (model, name, operator)


def test_other_tables_cannot_be_asked_about(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    for model, _ in screens():
        for lookup in NESTED:
            response = superuser.get(path_of(model), {lookup: "1"})
            assert response.status_code == 400, (model, lookup)


def parameters_of(entry: Any) -> list[str]:
    """What a filter with choices or a form of its own reads of the query string."""
    if isinstance(entry, str):
        return []
    form = getattr(entry, "form_class", None)
    return list(form.base_fields) if form is not None else [entry.parameter_name]


def test_columns_that_are_no_filter_cannot_be_asked_about(db: Any, rf: RequestFactory):
    request = rf.get("/")
    request.user = User(is_staff=True)  # without a tenant, so without a filter by tenant
    for model, screen in screens():
        offered = {str(entry).split("__")[0] for entry in screen.list_filter}
        parameters = {name for entry in screen.list_filter for name in parameters_of(entry)}
        for name in set(columns(model)) - offered:
            for operator in OPERATORS:
                lookup = f"{name}{operator}"
                if lookup in parameters:  # of a filter with its own choices
                    continue
                assert not screen.lookup_allowed(lookup, "1", request), (model, lookup)


def test_filters_of_lists_work(tenant: Tenant, superuser: HttpClient):
    """Every link in the filters of every list can be followed."""
    populate(tenant)
    for model, screen in screens():
        for name in screen.list_filter:
            if not isinstance(name, str):
                for parameter in parameters_of(name):
                    response = superuser.get(path_of(model), {parameter: "x"})
                    assert response.status_code in (200, 302), (model, parameter)
                continue
            response = superuser.get(path_of(model), {f"{name}__exact": "x"})
            assert response.status_code in (200, 302), (model, name)
        for name in ("is_active__exact", "state__exact"):
            if name.split("__")[0] in screen.list_filter:
                assert superuser.get(path_of(model), {name: "1"}).status_code == 200


def test_to_field_names_no_secret(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    for model, _ in screens():
        for name in {"tenant__name", *secret_names(model)}:
            response = superuser.get(path_of(model), {"_to_field": name})
            assert response.status_code == 400, (model, name)


def test_hostile_queries(tenant: Tenant, superuser: HttpClient):
    """Each on a quarter of the screens: all of them parse queries by the same code."""
    populate(tenant)
    for position, (model, _) in enumerate(screens()):
        for query in HOSTILE[position % 4 :: 4]:
            assert superuser.get(f"{path_of(model)}?{query}").status_code <= 400, (model, query)


def test_hashes_cannot_be_guessed_by_those_who_may_look(tenant: Tenant, staff: Staff):
    populate(tenant)
    viewer = staff("nucleus.view_client")
    query = "username=client&password__startswith=canary"
    assert viewer.get(f"/admin/nucleus/client/?{query}").status_code == 400
