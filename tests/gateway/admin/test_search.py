"""One search finds a customer by whatever staff know about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from integrations.models import AccountLink, Member, VendorUser
from nucleus.models import Business, Client, Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
    TenantFactory,
    TransactionFactory,
)
from tests.gateway.admin.conftest import Staff

SEARCH = "/admin/search/"
PALETTE = {"extended": "1"}


def path(owner: Client | Business) -> str:
    return f"/admin/nucleus/{owner._meta.model_name}/{owner.pk}/change/"


def customer(tenant: Tenant) -> tuple[Client, list[Any]]:
    """A client with one row of everything, and these rows."""
    ada: Any = ClientFactory(
        tenant=tenant, username="ada.l", first_name="Ada", last_name="Lovelace",
        email="Ada@Demo.Example", secondary_id="CRM-1815",
    )  # fmt: skip
    account: Any = AggregationAccountFactory(client=ada)
    user = VendorUser.unscoped.create(
        tenant=tenant, client=ada, vendor="mx", identifier="i", vendor_user_id="USR-1"
    )
    member = Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id="MBR-1")
    AccountLink.unscoped.create(
        tenant=tenant, vendor="mx", member=member, vendor_member_id="MBR-1",
        vendor_account_id="ACT-1", aggregation_account=account,
    )  # fmt: skip
    transaction = TransactionFactory(aggregation_account=account)
    return ada, [ada, account, member, BankLinkFactory(client=ada), transaction]


def finds(http: HttpClient, text: str, owner: Client | Business, **query: str) -> bool:
    response = http.get(SEARCH, {"s": text, **query})
    assert response.status_code == 200
    return path(owner) in response.content.decode()


def test_a_customer_is_found_by_anything_known(tenant: Tenant, superuser: HttpClient):
    ada, rows = customer(tenant)
    texts = [
        "Ada", "LOVELACE", "ada lovelace", "Lovelace, Ada", " ada  love ", "ada.l", "ADA.L",
        "crm-18", "CRM-1815", "ada@demo.example", "USR-1", "MBR-1", "ACT-1",
        *(str(row.pk) for row in rows),
        str(ada.pk).upper(),
    ]  # fmt: skip
    assert [text for text in texts if not finds(superuser, text, ada)] == []
    assert [text for text in texts if not finds(superuser, text, ada, **PALETTE)] == []
    firm: Any = BusinessFactory(tenant=tenant, legal_name="Demo Bakery LLC", dba_name="Crumbs")
    for text in ("demo bakery llc", "bakery", "crumbs", str(firm.pk)):
        assert finds(superuser, text, firm), text


@pytest.mark.parametrize("query", [{}, PALETTE])
def test_nothing_found_is_an_answer(tenant: Tenant, superuser: HttpClient, query: dict[str, str]):
    for text in ("nobody", "%", "a\x00b", "x" * 300, "", "'; --"):
        response = superuser.get(SEARCH, {"s": text, **query})
        assert response.status_code == 200
        assert ("Nothing was found" in response.content.decode()) == bool(text), text


def test_screens_are_found_that_the_person_may_open(staff: Staff, tenant: Tenant):
    customer(tenant)
    http = staff("integrations.view_job")
    assert "/admin/integrations/job/" in http.get(SEARCH, {"s": "jobs"}).content.decode()
    text = http.get(SEARCH, {"s": "credential", **PALETTE}).content.decode()
    assert "vendorcredential" not in text
    text = http.get(SEARCH, {"s": "Lovelace", **PALETTE}).content.decode()
    assert "Ada" not in text, "this person may not see clients"


def test_customers_of_other_tenants_are_not_found(staff: Staff, tenant: Tenant):
    ada, rows = customer(tenant)
    other: Any = TenantFactory()
    http = staff("nucleus.view_client", tenants=[other])
    for text in ("Lovelace", "ada.l", "CRM-1815", "ada@demo.example", "USR-1", "MBR-1", "ACT-1"):
        assert not finds(http, text, ada), text
    for row in rows:
        assert not finds(http, str(row.pk), ada), row


def test_large_tables_are_not_read(tenant: Tenant, superuser: HttpClient, settings: Any):
    settings.LIST_WINDOW = 3
    ada, _ = customer(tenant)
    for _number in range(5):
        ClientFactory(tenant=tenant)
    superuser.get(SEARCH)  # a session's first page also stores that it is used
    for text in ("lovelace", "ada lovelace", "ada.l", "CRM-1815", "ada@demo.example", "MBR-1"):
        with CaptureQueriesContext(connection) as queries:
            assert finds(superuser, text, ada), text
        assert len(queries) <= 20
    response = superuser.get(SEARCH, {"s": "lovel"})
    assert path(ada) not in response.content.decode()
    assert "There may be more customers" in response.content.decode()
