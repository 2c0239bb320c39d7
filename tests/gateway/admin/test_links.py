"""From whatever is about a customer, one click leads to the customer's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.test import Client as HttpClient

from integrations.models import (
    AccountLink,
    AccountMerge,
    AuditLog,
    Erasure,
    InboundWebhook,
    Job,
    Member,
    OutboundEvent,
    PossibleDuplicate,
    VendorUser,
    WebhookDelivery,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    Client,
    StaffAction,
    Tenant,
)
from tests.gateway.admin.rows import path_of, populate, row_of

ABOUT_A_CUSTOMER: list[type[Model]] = [
    AccountLink, AccountMerge, AggregationAccount, AggregationAccountBalance,
    AggregationAccountHolding, AggregationAccountTransaction, AuditLog, BankLink, InboundWebhook,
    Job, Member, PossibleDuplicate, StaffAction, VendorUser, WebhookDelivery,
]  # fmt: skip


def test_lists_and_pages_lead_to_the_customer(tenant: Tenant, superuser: HttpClient, subtests: Any):
    populate(tenant)
    client = row_of(Client)
    user = VendorUser.unscoped.exclude(client=None).get()
    VendorUser.unscoped.filter(pk=user.pk).update(vendor_user_id="USR-1")
    AuditLog.objects.update(client_id=client.pk)
    InboundWebhook.objects.update(vendor_user_id="USR-1", vendor_member_id="MBR-1")
    OutboundEvent.unscoped.update(owner_id=client.pk)
    Job.objects.update(payload={"client_id": str(client.pk)})
    address = f'href="/admin/nucleus/client/{client.pk}/change/"'
    for model in ABOUT_A_CUSTOMER:
        row = user if model is VendorUser else row_of(model)
        # The lists of these show the customer's name first, which leads to the row's own page.
        lists = () if model in (VendorUser, PossibleDuplicate) else ("",)
        for path in (*lists, f"{row.pk}/change/"):
            with subtests.test(model=model.__name__, path=path[-8:]):
                response = superuser.get(path_of(model, path))
                assert response.status_code == 200
                assert address in response.content.decode(), (model, path)
    assert Erasure not in ABOUT_A_CUSTOMER  # of which only the id is left
