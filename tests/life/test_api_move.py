"""Moving a thousand accounts to another API and back keeps every id and writes nothing twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import AccountLink, Job, JobState, Member
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from tests.factories.nucleus import ClientFactory
from tests.integrations.conftest import logins, memory_bank, use_bank  # noqa: F401
from tests.integrations.flows.logins import Logins
from tests.integrations.flows.two_apis import Apis, apis, stored, sync_all  # noqa: F401
from tests.integrations.vendors.memory_bank import MemoryBank

pytestmark = [pytest.mark.django_db, pytest.mark.life]
MEMBERS, ACCOUNTS = 20, 50
TABLES = (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    AccountLink,
    Member,
)


def open_accounts(bank: MemoryBank, member_id: str) -> None:
    """Give the member as many accounts as each is to have."""
    template = next(row for row in bank.accounts.values() if row.member_id == member_id)
    own = [row for row in bank.accounts.values() if row.member_id == member_id]
    for number in range(ACCOUNTS - len(own)):
        account = replace(
            template, id=f"{member_id}-{number}", name=f"Checking {number}", mask=f"{number:04}"
        )
        bank.accounts[account.id] = account
        bank.book(account.id, Decimal(number + 1), 1)


def test_a_thousand_accounts_move_and_return(apis: Apis, logins: Logins):  # noqa: F811
    for _ in range(MEMBERS):
        person: Any = ClientFactory(tenant=apis.tenant)
        logins.client = person
        open_accounts(apis.banks["memory"], logins.connect())
    logins.sync()  # links the accounts that were opened since
    assert AccountLink.unscoped.count() == MEMBERS * ACCOUNTS
    before, counts = stored(), [table.unscoped.count() for table in TABLES]
    apis.carry_over()
    for option in ("--switch", "--undo"):
        apis.run(option)
        assert not Member.unscoped.exclude(next_sync_at__lte=timezone.now()).exists()
        sync_all()
        assert stored() == before
        assert [table.unscoped.count() for table in TABLES] == counts
    assert not Job.objects.exclude(state__in=[JobState.DONE, JobState.MERGED]).exists()
