"""Connections of merged accounts that end, return or are replaced."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.models import (
    AccountMerge,
    AggregationSettings,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountHolding,
)
from tests.integrations.flows.logins import (
    BASE,
    Logins,
    amounts,
    current_link,
    numbers,
    refreshed,
)

pytestmark = pytest.mark.django_db


def test_holdings_are_those_of_the_link_that_goes_on(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first, "investment"), logins.account(second, "investment")
    active = AggregationAccountHolding.unscoped.filter(is_active=True)
    assert active.count() == 2
    merge_id = logins.merge(kept, merged)
    assert active.get().aggregation_account_id == kept.pk
    logins.undo(merge_id)
    assert active.count() == 2
    del logins.bank.members[first]
    logins.sync()
    merge_id = logins.merge(kept, merged)
    position = active.get()
    assert position.aggregation_account_id == kept.pk
    logins.sync()
    assert active.get() == position
    logins.undo(merge_id)
    logins.sync()
    assert active.get(aggregation_account=merged) == position


def test_the_kept_account_goes_on_with_the_other_login(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    del logins.bank.members[first]
    logins.bank.book(logins.vendor_account(second), Decimal(50), 0)
    logins.sync()
    logins.sync()
    assert refreshed(kept).is_active
    link = current_link(kept)
    assert link is not None
    assert link.vendor_account_id == logins.vendor_account(second)
    assert amounts(kept) == numbers(1, 2, 3, 4, 5, 50)
    assert logins.total() == Decimal("100.25")
    logins.undo(str(AccountMerge.unscoped.get().pk))
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (False, True)
    logins.sync()
    assert amounts(merged) == numbers(1, 2, 3, 4, 5, 50)


def test_an_account_that_the_tenant_disconnected_stays_so(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    query = "?delete_type=delink"
    assert logins.api.delete(f"{BASE}/aggregation/account/{kept.pk}", query).status_code == 204
    logins.sync()
    assert not refreshed(kept).is_active
    assert current_link(kept) is None


def test_a_login_that_replaces_the_merged_one_is_the_kept_account(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    logins.merge(kept, merged)
    logins.merge(logins.account(first, "investment"), logins.account(second, "investment"))
    del logins.bank.members[second]
    logins.sync()
    third = logins.connect()
    assert AggregationAccount.unscoped.count() == 4
    assert logins.account(third) == merged  # an ended link, so that its id is known
    assert current_link(merged) is None
    assert logins.total() == Decimal("100.25")


def test_undoing_after_both_connections_are_gone(logins: Logins):
    first, second = logins.connect(), logins.connect()
    kept, merged = logins.account(first), logins.account(second)
    AggregationSettings.unscoped.update(add_new_accounts=False)
    merge_id = logins.merge(kept, merged)
    del logins.bank.members[first], logins.bank.members[second]
    logins.sync()
    logins.undo(merge_id)
    assert amounts(kept) == amounts(merged) == numbers(1, 2, 3, 4, 5)
    assert (refreshed(kept).is_active, refreshed(merged).is_active) == (False, False)
    assert current_link(merged) is None
