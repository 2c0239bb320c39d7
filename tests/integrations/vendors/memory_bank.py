"""What exists at the in-memory vendor: users, connections and the accounts behind them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.vendors import capabilities, records
from integrations.vendors.capabilities import Capability
from integrations.vendors.limits import Limits
from integrations.vendors.records import ActionRequiredBy, NextStep

BANK_CODE = "membank"
CONNECTED = records.Connection(
    status="OK", meaning="Connected.", message="", actor=ActionRequiredBy.NOBODY,
    next_step=NextStep.NONE, is_connected=True, is_settled=True,
)  # fmt: skip


@dataclass
class MemoryBank:
    """What exists at the vendor. A person logs in with `connect`."""

    offered: frozenset[Capability[Any]] = frozenset(capabilities.ALL)
    limits: Limits = field(
        default_factory=lambda: Limits(
            poll_seconds=0.01, page_size=2, lists_windows_completely=True
        )
    )
    users: dict[str, records.User] = field(default_factory=dict)
    members: dict[str, records.Member] = field(default_factory=dict)
    accounts: dict[str, records.Account] = field(default_factory=dict)
    transactions: dict[str, records.Transaction] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)  # what lists report as removed
    unlisted: set[str] = field(default_factory=set)  # transactions that lists lack by mistake
    single_reads: list[str] = field(default_factory=list)  # transactions that were read singly
    verified: set[str] = field(default_factory=set)  # ids of members
    billed_users: set[str] = field(default_factory=set)  # whose positions were read
    cusip: str | None = None  # of the one position that every investment account has
    balance_checks_left: int = 5
    history_jobs: list[str] = field(default_factory=list)  # ids of members
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def connect(self, user_id: str) -> str:
        """A new member with a checking and an investment account, imported; returns its id."""
        now = datetime.now(UTC).replace(microsecond=0)
        member = records.Member(
            id=f"member-{next(self.numbers)}", user_id=user_id, name="Memory Bank",
            institution_code=BANK_CODE, connection=CONNECTED, is_aggregating=False,
            aggregated_at=now, successfully_aggregated_at=now,
        )  # fmt: skip
        self.members[member.id] = member
        checking = self._open_account(member, "checking")
        self._open_account(member, "investment")
        for days in range(5):
            self.book(checking.id, Decimal(days + 1), days)
        return member.id

    def import_now(self, member_id: str) -> records.Member:
        """The member after an import that takes no time."""
        now = datetime.now(UTC).replace(microsecond=0)
        member = replace(self.members[member_id], aggregated_at=now, successfully_aggregated_at=now)
        self.members[member_id] = member
        return member

    def book(self, account_id: str, amount: Decimal, days_ago: int, status: str = "posted") -> str:
        """Add a transaction; returns its id."""
        row = records.Transaction(
            id=f"transaction-{next(self.numbers)}", account_id=account_id, amount=amount,
            direction="Debit", status=status, currency_code="USD", merchant_id="merchant-1",
            merchant_location_id="location-1", description="Coffee",
            transacted_at=datetime.now(UTC) - timedelta(days=days_ago),
        )  # fmt: skip
        self.transactions[row.id] = row
        return row.id

    def _open_account(self, member: records.Member, kind: str) -> records.Account:
        is_investment = kind == "investment"
        account = records.Account(
            id=f"account-{next(self.numbers)}", user_id=member.user_id, member_id=member.id,
            institution_code=BANK_CODE, name=kind.title(), kind=kind, category=kind.title(),
            subcategory=None, is_asset=True, is_cash=not is_investment,
            is_investment=is_investment, is_business=False, is_closed=False,
            can_verify=not is_investment, mask="6789", currency_code="USD",
            balance=records.Balance(
                current=Decimal("100.25"), available=Decimal(90), available_credit=None,
                currency_code="USD", as_of=member.aggregated_at,
            ),
        )  # fmt: skip
        self.accounts[account.id] = account
        return account
