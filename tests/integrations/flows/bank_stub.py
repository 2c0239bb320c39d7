"""An HTTP stub of MX with accounts, transactions and holdings that a test makes up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from integrations.flows import sync
from integrations.models import AggregationSettings, Member, VendorCredential
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant
from tests import hostile_mx
from tests.api import Api
from tests.gateway.integration_api.conftest import link, run_jobs
from tests.hostile_mx import MEMBER, USER

Row = dict[str, Any]
MEMBER_HOLDINGS = f"/users/{USER}/members/{MEMBER}/holdings"


@dataclass
class Bank:
    """What MX has of one user's only connection.

    Attributes:
        calls: the paths that were asked for.
    """

    api: Api
    client: Client
    accounts: list[Row] = field(default_factory=list)
    transactions: dict[str, list[Row]] = field(default_factory=dict)
    holdings: dict[str, list[Row]] = field(default_factory=dict)
    lists_holdings_of_members: bool = True
    calls: list[str] = field(default_factory=list)

    def account(self, **fields: Any) -> str:
        """Add an account; its guid."""
        row = hostile_mx.account(len(self.accounts) + 1, **fields)
        self.accounts.append(row)
        return str(row["guid"])

    def transaction(self, account: str, **fields: Any) -> None:
        rows = self.transactions.setdefault(account, [])
        rows.append({
            "guid": f"TRN-{account}-{len(rows)}", "account_guid": account, "amount": 1,
            "date": "2026-11-20", "type": "DEBIT", "status": "POSTED", **fields,
        })  # fmt: skip

    def holding(self, account: str, **fields: Any) -> None:
        rows = self.holdings.setdefault(account, [])
        rows.append({"guid": f"HOL-{account}-{len(rows)}", "account_guid": account, **fields})

    def link(self) -> list[Row]:
        """Connect the accounts and retrieve everything; the rows that linking answered."""
        rows: list[Row] = link(self.api, self.client, MEMBER)["nucleus_aggregation_accounts"]
        run_jobs()
        return rows

    def import_again(self) -> None:
        """Read everything of the connection again."""
        self.calls.clear()
        sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.EVERYTHING)
        run_jobs()

    def answer(self, path: str) -> Any:
        """The object or the pair of key and rows of a list; None: not found."""
        self.calls.append(path)
        lists: dict[str, tuple[str, list[Any]]] = {
            f"/users/{USER}/members/{MEMBER}/accounts": ("accounts", self.accounts)
        }
        if self.lists_holdings_of_members:
            every = [row for rows in self.holdings.values() for row in rows]
            lists[MEMBER_HOLDINGS] = ("holdings", every)
        for row in self.accounts:
            prefix = f"/users/{USER}/accounts/{row['guid']}"
            if path == prefix:
                return {"account": row}
            lists |= {
                f"{prefix}/transactions": ("transactions", self.transactions.get(row["guid"], [])),
                f"{prefix}/holdings": ("holdings", self.holdings.get(row["guid"], [])),
            }
        return lists.get(path)


@contextmanager
def serving(bank: Bank, tenant: Tenant) -> Iterator[None]:
    """The bank over HTTP, as the tenant's MX, with the client as a user of it."""
    with hostile_mx.serving(bank.answer) as url:
        VendorCredential(
            tenant=tenant,
            api="atrium",
            environment="custom",
            base_url=url,
            client_id="id",
            secret="key",
        ).save()
        AggregationSettings(tenant=tenant).save()
        body = {"nucleus_client_id": bank.client.id, "product": "atom"}
        assert bank.api.post("/integration/v1/user", body).status_code == 200
        yield
