"""The admin's page that moves a tenant to another API: it asks, needs a right, and is logged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client as HttpClient
from django.urls import reverse

from integrations.models import ApiMove, VendorCredential
from nucleus.models import StaffAccess, Tenant
from tests.integrations.flows.logins import Logins
from tests.integrations.flows.two_apis import NEXT, Apis

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(apis: Apis, tenant: Tenant) -> HttpClient:
    http = HttpClient()
    http.force_login(get_user_model().objects.create_superuser("root", password="x" * 20))
    return http


def path_of(row: VendorCredential) -> str:
    return reverse("admin:integrations_vendorcredential_move_api", args=[row.pk])


def test_staff_compare_move_and_undo_on_a_page(apis: Apis, logins: Logins, page: HttpClient):
    logins.connect()
    apis.carry_over()
    old, new = apis.row("memory"), apis.row(NEXT)
    change = reverse("admin:integrations_vendorcredential_change", args=[new.pk])
    assert path_of(new) in page.get(change).content.decode()
    opened = page.get(path_of(new)).content.decode()
    assert "Memory Next" in opened
    assert "Move to this credential</button>" not in opened  # nothing is compared yet
    compared = page.post(path_of(new), {"step": "compare"}).content.decode()
    assert "Compared: 2 accounts" in compared
    assert "Move to this credential</button>" in compared
    assert apis.active == "memory"
    moved = page.post(path_of(new), {"step": "switch"}, follow=True).content.decode()
    assert "Moved the tenant" in moved
    assert apis.active == NEXT
    assert "Undo the move" in page.get(path_of(old)).content.decode()
    undone = page.post(path_of(old), {"step": "undo"}, follow=True).content.decode()
    assert "Undid the move" in undone
    assert apis.active == "memory"
    assert ApiMove.unscoped.get().requested_by == "staff: root"
    entries = LogEntry.objects.order_by("action_time")
    assert [(entry.object_id, entry.change_message.split(":")[0]) for entry in entries] == [
        (str(new.pk), "Compared with the active credential"),
        (str(old.pk), "Moved the tenant"), (str(new.pk), "Moved the tenant"),
        (str(old.pk), "Undid the move of the tenant"),
        (str(new.pk), "Undid the move of the tenant"),
    ]  # fmt: skip


def test_the_page_refuses_what_the_command_refuses(apis: Apis, logins: Logins, page: HttpClient):
    logins.connect()
    new = apis.row(NEXT)
    for step in ("compare", "switch"):
        answer = page.post(path_of(new), {"step": step}).content.decode()
        assert "another client of the vendor" in answer
        assert "Move to this credential</button>" not in answer
    assert "was not from this" in page.post(path_of(new), {"step": "undo"}).content.decode()
    assert apis.active == "memory"
    compared = page.post(path_of(new), {"step": "compare", "is_new_client": "on"})
    assert 'name="is_new_client" value="on"' in compared.content.decode()
    page.post(path_of(new), {"step": "switch", "is_new_client": "on"})
    assert ApiMove.unscoped.get().is_new_client
    active = page.get(path_of(new)).content.decode()
    assert "no inactive credential" in active or "several" in active


def test_the_page_needs_the_right_to_change_credentials(apis: Apis):
    row = apis.row(NEXT)
    http = HttpClient()
    viewer = get_user_model().objects.create_user("viewer", password="x" * 20, is_staff=True)
    StaffAccess.objects.create(user=viewer, all_tenants=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_vendorcredential"))
    http.force_login(viewer)
    assert http.get(path_of(row)).status_code == 403
    assert http.post(path_of(row), {"step": "switch"}).status_code == 403
    assert apis.active == "memory"


def test_the_page_names_fields_that_differ_without_their_values(
    apis: Apis, logins: Logins, page: HttpClient
):
    """Staff who change credentials need not be allowed to see what people own."""
    member_id = logins.connect()
    bank = apis.carry_over()
    account_id = logins.vendor_account(member_id)
    account = bank.accounts[account_id]
    balance = replace(account.balance, current=Decimal("98765.43"))
    bank.accounts[account_id] = replace(account, balance=balance)
    compared = page.post(path_of(apis.row(NEXT)), {"step": "compare"}).content.decode()
    assert "Differs: account balance.current: 1 of 2" in compared
    assert "98765" not in compared
