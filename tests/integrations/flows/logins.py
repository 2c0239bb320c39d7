"""A client that has linked the same accounts of the in-memory vendor through several logins."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AccountLink, Member
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client
from tests.api import Api
from tests.integrations.vendors.memory_bank import MemoryBank

BASE = "/integration/v1"


@dataclass
class Logins:
    """A client that has linked the same accounts through several logins."""

    api: Api
    client: Client
    bank: MemoryBank
    user_id: str = ""

    def connect(self) -> str:
        """One more login with the same two accounts; returns the vendor's member id."""
        about = {"nucleus_client_id": self.client.pk, "product": "atom"}
        user = self.api.post(f"{BASE}/user", about)
        self.user_id = user.data["vendor_response"]["id"]
        member_id = self.bank.connect(self.user_id)
        self.link(member_id)
        return member_id

    def link(self, member_id: str) -> None:
        about = {"nucleus_client_id": self.client.pk, "product": "atom"}
        body = about | {"vendor_request": {"member_id": member_id}}
        assert self.api.post(f"{BASE}/aggregation/account", body).status_code == 200
        runner.drain()

    def vendor_account(self, member_id: str, kind: str = "checking") -> str:
        rows = self.bank.accounts.values()
        return next(row.id for row in rows if (row.member_id, row.kind) == (member_id, kind))

    def account(self, member_id: str, kind: str = "checking") -> AggregationAccount:
        """The aggregation account that was created for the login's account of this kind."""
        links = AccountLink.unscoped.filter(
            vendor_account_id=self.vendor_account(member_id, kind)
        ).order_by("create_date")
        return links.select_related("aggregation_account")[0].aggregation_account

    def sync(self) -> None:
        for member in Member.unscoped.exclude(connection_status="GONE"):
            sync.enqueue(member=member, scope=SyncScope.EVERYTHING)
        runner.drain()

    def merge(self, kept: Any, merged: Any) -> str:
        body = {
            "kept_aggregation_account_id": kept.pk,
            "merged_aggregation_account_id": merged.pk,
        }
        response = self.api.post(f"{BASE}/account_merge", body)
        assert response.status_code == 200, response.data
        return str(response.data["id"])

    def undo(self, merge_id: str) -> None:
        response = self.api.delete(f"{BASE}/account_merge/{merge_id}")
        assert response.status_code == 204, response.data

    def total(self, category: str = "Checking") -> Decimal | None:
        path = f"/nucleus/v1/client/{self.client.pk}/aggregation_account_overview"
        overview = self.api.get(path).data
        totals = {row["category"]: row["total_balance"] for row in overview["by_category"]}
        return totals.get(category)


def amounts(account: AggregationAccount, **columns: Any) -> list[Decimal]:
    """The amounts of the account's active transactions, in order."""
    rows = AggregationAccountTransaction.unscoped.filter(
        aggregation_account=account, is_active=True, **columns
    )
    return sorted(rows.values_list("amount", flat=True))


def numbers(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def current_link(account: AggregationAccount) -> AccountLink | None:
    return AccountLink.unscoped.filter(aggregation_account=account, ended_at=None).first()


def refreshed(account: AggregationAccount) -> AggregationAccount:
    return AggregationAccount.unscoped.get(pk=account.pk)
