"""A customer with a connection, for tests of pages about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client as HttpClient
from django.utils import timezone

from integrations.flows import connections
from integrations.models import (
    AccountLink,
    Job,
    JobState,
    Member,
    VendorCredential,
    VendorUser,
)
from integrations.vendors.records import ActionRequiredBy, NextStep
from nucleus.models import Client, Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    ClientFactory,
)

REFUSED = {
    "connection_status": "DENIED",
    "actor": ActionRequiredBy.END_USER.value,
    "next_step": NextStep.REPAIR.value,
}


@dataclass
class Customer:
    """Ada and what is hers."""

    ada: Client
    member: Member
    account: Any

    @property
    def path(self) -> str:
        return f"/admin/nucleus/client/{self.ada.pk}/"

    def page(self, http: HttpClient, query: str = "") -> str:
        response = http.get(f"{self.path}change/{query}")
        assert response.status_code == 200
        return response.content.decode()

    def act(self, http: HttpClient, action: str, row: Any, *, method: str = "post") -> Any:
        return getattr(http, method)(f"{self.path}{action}/{row.pk}/", follow=True)

    def dead_job(self) -> Job:
        job: Any = JobFactory(
            tenant=self.ada.tenant, kind="sync_member", state=JobState.DEAD,
            lock_key=connections.lock_key(self.member.vendor_user, "MBR-1"),
            last_error="The vendor answered 500", finished_at=timezone.now(),
        )  # fmt: skip
        return job


def make_customer(tenant: Tenant) -> Customer:
    """Ada, with an account of a connection that works."""
    ada: Any = ClientFactory(tenant=tenant, first_name="Ada", last_name="Lovelace")
    account: Any = AggregationAccountFactory(client=ada)
    BalanceFactory(aggregation_account=account)
    BankLinkFactory(client=ada)
    user = VendorUser.unscoped.create(
        tenant=tenant, client=ada, vendor="mx", identifier="i", vendor_user_id="USR-1"
    )
    now = timezone.now()
    member = Member.unscoped.create(
        tenant=tenant, vendor_user=user, vendor_member_id="MBR-1", name="MX Bank",
        connection_status="CONNECTED", checked_at=now, successfully_aggregated_at=now,
    )  # fmt: skip
    AccountLink.unscoped.create(
        tenant=tenant, vendor="mx", member=member, vendor_member_id="MBR-1",
        vendor_account_id="ACT-1", aggregation_account=account,
    )  # fmt: skip
    if not VendorCredential.unscoped.filter(tenant=tenant).exists():
        VendorCredential(tenant=tenant, vendor="mx", client_id="c").save()
    return Customer(ada, member, account)
