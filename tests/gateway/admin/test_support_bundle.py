"""The support bundle: what helps is in it, and nothing that tells who the customer is."""

from __future__ import annotations

import json

import pytest
from django.db.models import Model
from django.test import Client as HttpClient

from integrations.flows import support_bundle
from integrations.models import (
    AccountLink,
    AggregationSettings,
    AuditLog,
    InboundWebhook,
    Job,
    Member,
    OutboundEvent,
    VendorCredential,
    VendorUser,
    VerificationSettings,
    WebhookDelivery,
)
from nucleus.models import AggregationAccount, BankLink, Client, StaffAction, Tenant
from tests.factories.nucleus import HoldingFactory, TransactionFactory
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.customers import Customer
from tests.gateway.admin.rows import mark_up, populate, row_of, screens

PERSONAL = "whoever-this-is"
VIEWED = (Member, AuditLog, InboundWebhook, Job, WebhookDelivery, AggregationAccount, BankLink)
PERMISSIONS = [
    f"{model._meta.app_label}.view_{model._meta.model_name}" for model in (*VIEWED, Client)
] + ["integrations.change_member"]


def named_columns(model: type[Model]) -> set[str]:
    """The columns of a model that the bundle names."""
    names: dict[type[Model], tuple[str, ...]] = {
        Member: support_bundle.CONNECTION, Job: support_bundle.JOB, AuditLog: support_bundle.CALL,
        InboundWebhook: support_bundle.WEBHOOK, WebhookDelivery: support_bundle.DELIVERY,
        AggregationAccount: support_bundle.ACCOUNT, BankLink: support_bundle.BANK_LINK,
        VendorCredential: support_bundle.CREDENTIAL, AccountLink: support_bundle.LINK,
        VendorUser: support_bundle.VENDOR_USER, AggregationSettings: support_bundle.SETTINGS,
        VerificationSettings: support_bundle.SETTINGS,
    }  # fmt: skip
    return set(names.get(model, ()))


def test_it_has_what_helps(superuser: HttpClient, customer: Customer):
    job = customer.dead_job()
    HoldingFactory(aggregation_account=customer.account)
    TransactionFactory.create_batch(3, aggregation_account=customer.account)
    AuditLog.objects.create(
        tenant=customer.ada.tenant, client_id=customer.ada.pk, operation="list_accounts",
        method="GET", path_template="/x", status=503, duration_ms=7, error="unavailable",
    )  # fmt: skip
    event = OutboundEvent.unscoped.create(
        tenant=customer.ada.tenant, type="t", payload="{}", owner_id=customer.ada.pk
    )
    assert event.pk
    assert "Support bundle" in customer.page(superuser)
    address = f"{customer.path}support-bundle/"
    assert "no names, contact data" in superuser.get(address).content.decode()
    response = superuser.post(address)
    assert response["Content-Disposition"].startswith('attachment; filename="support-')
    bundle = json.loads(response.content)
    assert bundle["customer"]["id"] == str(customer.ada.pk)
    [connection] = bundle["connections"]
    assert connection["vendor_member_id"] == "MBR-1"
    assert connection["reason"]
    assert connection["dead_jobs"] == [str(job.pk)]
    [account] = bundle["accounts"]
    assert account["transaction"]["rows"] == 3
    assert account["holding"]["rows"] == 1
    [call] = bundle["vendor_calls"]
    assert (call["operation"], call["status"], call["duration_ms"]) == ("list_accounts", 503, 7)
    assert [row["id"] for row in bundle["jobs"]] == [str(job.pk)]
    action = StaffAction.objects.get(kind=StaffAction.Kind.EXPORT)
    assert action.object_id == str(customer.ada.pk)


def test_nothing_of_any_text_column_is_in_it_but_those_named(tenant: Tenant, superuser: HttpClient):
    """Every column of text and JSON of every row has a mark, and every secret a canary."""
    canaries = populate(tenant)
    InboundWebhook.objects.update(vendor_user_id="USR-1")
    mark_up(PERSONAL)
    for model, _ in screens():  # in the columns that the bundle has
        row, rows = row_of(model), getattr(model, "unscoped", model._default_manager)
        marked = [name for name in named_columns(model) if getattr(row, name, "") == PERSONAL]
        rows.filter(pk=row.pk).update(**dict.fromkeys(marked, "code"))
    client = row_of(Client)
    response = superuser.post(f"/admin/nucleus/client/{client.pk}/support-bundle/")
    assert response.status_code == 200
    text = response.content.decode()
    assert str(row_of(AggregationAccount).pk) in text
    assert PERSONAL not in text
    assert not [canary for canary in canaries if canary in text]


@pytest.mark.parametrize("missing", [1, 5, -1])
def test_it_needs_the_right_to_see_all_of_it(staff: Staff, customer: Customer, missing: int):
    few = [name for name in PERMISSIONS if name != PERMISSIONS[missing]]
    http = staff(*few, tenants=[customer.ada.tenant])
    assert http.post(f"{customer.path}support-bundle/").status_code == 403
    assert "Support bundle" not in customer.page(http)
    http = staff(*PERMISSIONS, name="other", tenants=[customer.ada.tenant])
    assert http.post(f"{customer.path}support-bundle/").status_code == 200
    elsewhere = staff(*PERMISSIONS, name="elsewhere", tenants=[])
    assert elsewhere.post(f"{customer.path}support-bundle/").status_code == 404
