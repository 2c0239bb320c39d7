"""Calls of the contract suite to any vendor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.vendors import capabilities, records
from integrations.vendors.base import Vendor
from integrations.vendors.capabilities import Capability
from tests.waiting import until

WINDOW = timedelta(days=60)


def settled(vendor: Vendor, user_id: str, member_id: str) -> records.Member:
    """The member once no job runs on it."""
    return until(
        lambda: vendor.read_member(user_id=user_id, member_id=member_id),
        lambda member: not member.is_aggregating and member.connection.is_settled,
    )


def supported(vendor: Vendor, capability: Capability[Any]) -> Any:
    """The vendor as one that has the capability; skips the test where it has not."""
    if not capabilities.supports(vendor, capability):
        pytest.skip(f"{vendor.slug} does not offer {capability.name}")
    return capabilities.require(vendor, capability)


def methods(capability: Capability[Any]) -> list[str]:
    """The names of the methods of its protocol."""
    return [name for name in vars(capability.protocol) if not name.startswith("_")]


def window() -> tuple[Any, Any]:
    """The first and the last day of the lists."""
    today = datetime.now(UTC).date()
    return today - WINDOW, today


def pages(
    vendor: Vendor, account: records.Account, after: str | None = None
) -> list[records.Batch[records.Transaction]]:
    """The account's transactions in the window."""
    from_date, to_date = window()
    listed = vendor.transaction_pages(
        user_id=account.user_id,
        account_id=account.id,
        from_date=from_date,
        to_date=to_date,
        after=after,
    )
    return list(listed)
