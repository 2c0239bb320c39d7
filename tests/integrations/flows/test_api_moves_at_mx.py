"""Both of MX's APIs show one world: a tenant moves between them, each with keys of its own."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command

from integrations.flows import credentials
from integrations.models import AuditLog, CredentialHealth, Member, VendorCredential
from nucleus.models import AggregationAccountHolding, AggregationAccountTransaction
from tests import mx_api
from tests.integrations.flows.two_apis import stored, sync_all
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
OTHER = {"platform": "atrium", "atrium": "platform"}


@pytest.fixture
def other_api() -> mx_api.MXApi:
    return mx_api.named(OTHER[mx_api.chosen().slug])


def test_keys_of_the_other_api_are_recognised(mx: Sandbox, other_api: mx_api.MXApi):
    row = VendorCredential.unscoped.get()
    row.client_id, row.secret = other_api.client_id, other_api.api_key
    row.save()
    result = credentials.test(credential=row)
    assert not result.ok
    name = other_api.slug.title()
    assert f"keys of MX {name} ({mx.base_url}), which accepts them" in result.message
    assert other_api.api_key not in result.message
    assert list(AuditLog.objects.values_list("status", flat=True)) == [401, 200]
    # What another API says is nothing about this credential.
    assert CredentialHealth.objects.get().state == CredentialHealth.State.REFUSED


def test_wrong_keys_are_keys_of_neither(mx: Sandbox, other_api: mx_api.MXApi):
    row = VendorCredential.unscoped.get()
    row.secret = "wrong"
    row.save()
    result = credentials.test(credential=row)
    assert "MX does not accept the keys" in result.message
    assert f"not keys of MX {other_api.slug.title()}" in result.message


def run(*options: str) -> str:
    out = io.StringIO()
    tenant = Member.unscoped.get().tenant
    call_command("move_api", "--tenant", tenant.slug, *options, stdout=out)
    return out.getvalue()


def ids() -> dict[str, Any]:
    """Ids in Nucleus by what they are about; without when a row was written."""
    rows = stored()
    transactions = AggregationAccountTransaction.unscoped.order_by("pk")
    holdings = AggregationAccountHolding.unscoped.order_by("pk")
    return rows | {
        "transactions": list(transactions.values_list("pk", "source_id", "status", "is_active")),
        "holdings": list(holdings.values_list("pk", "source_id", "is_active", "shares")),
    }


def test_a_tenant_moves_between_the_apis_and_back(
    connection: Member, own_mx: Sandbox, other_api: mx_api.MXApi
):
    VendorCredential(
        tenant=connection.tenant, api=other_api.slug, api_version=other_api.version,
        environment=VendorCredential.Environment.CUSTOM, base_url=own_mx.base_url,
        client_id=other_api.client_id, secret=other_api.api_key, is_active=False,
    ).save()  # fmt: skip
    sync_all()
    before = ids()
    assert before["transactions"]
    report = run()
    assert "Missing" not in report
    assert "can be moved" in report
    for option in ("--switch", "--undo"):
        run(option)
        sync_all()
        assert ids() == before
        again = stored()
        sync_all()
        assert stored() == again  # an unchanged import writes nothing
    active = VendorCredential.unscoped.get(is_active=True)
    assert active.api == mx_api.chosen().slug
