"""What an API does not have stays as another API of the vendor has sent it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.vendors.limits import Limits
from nucleus.models import AggregationAccountHolding
from tests.integrations.flows.logins import Logins
from tests.integrations.flows.two_apis import NEXT, Apis
from tests.integrations.vendors.memory_bank import MemoryBank

pytestmark = pytest.mark.django_db
CUSIP = "58733R102"
COLUMNS = ("pk", "cusip", "shares", "update_date")


@pytest.fixture
def logins(apis: Apis, logins: Logins) -> Logins:
    """One login; the second API has no CUSIPs, and fewer members of `metadata`."""
    logins.bank.cusip = CUSIP
    login = logins.connect()
    account = logins.bank.accounts[logins.vendor_account(login)]
    logins.bank.accounts[account.id] = replace(account, metadata={"mx_holdings_value": "5"})
    logins.sync()
    return logins


def without_cusips(bank: MemoryBank) -> Limits:
    bank.cusip = None
    return replace(bank.limits, absent_holding_fields=frozenset({"cusip"}))


def holding() -> dict[str, Any]:
    return dict(AggregationAccountHolding.unscoped.values(*COLUMNS).get())


def test_it_stays_and_nothing_is_written(apis: Apis, logins: Logins):
    (member_id,) = logins.bank.members
    before, account = holding(), logins.account(member_id)
    assert before["cusip"] == CUSIP
    bank = apis.carry_over()
    bank.limits = without_cusips(bank)
    account_id = logins.vendor_account(member_id)
    bank.accounts[account_id] = replace(bank.accounts[account_id], metadata={})
    apis.run("--switch")
    logins.sync()
    assert holding() == before
    account.refresh_from_db()
    assert account.metadata["mx_holdings_value"] == "5"


def test_an_api_that_has_it_empties_it(apis: Apis, logins: Logins):
    logins.bank.cusip = None
    logins.sync()
    assert holding()["cusip"] is None


def test_a_position_goes_on_although_its_new_source_lacks_it(apis: Apis, logins: Logins):
    before = holding()
    apis.run("--switch", "--new-client")
    logins.bank = apis.banks[NEXT]
    logins.bank.limits = without_cusips(logins.bank)
    logins.sync()
    logins.connect()
    after = holding()
    assert (after["pk"], after["cusip"]) == (before["pk"], CUSIP)
