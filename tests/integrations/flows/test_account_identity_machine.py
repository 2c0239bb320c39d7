"""Random lives of accounts: whatever happens at the bank, accounts stay what they are.

The people's accounts at the bank ("real" ones) have numbers and names that collide; only number and
name together belong to one real account for ever, because nothing else tells them apart.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from integrations.flows import (
    account_linking,
    account_links,
    account_merges,
    connections,
    missing_connections,
)
from integrations.flows.account_linking import LinkPolicy
from integrations.models import AccountLink, AccountMerge, Member, PossibleDuplicate, VendorUser
from integrations.vendors import records
from integrations.vendors.base import VendorConfig
from nucleus.models import AggregationAccount
from tests.factories.nucleus import ClientFactory
from tests.integrations.vendors.memory import API_SECRET, SLUG, MemoryVendor
from tests.integrations.vendors.memory_bank import MemoryBank

REALS = 3
MASKS = ("1111", "2222", None)
NAMES = ("Checking", "Savings", "Joint")
SYNC = LinkPolicy(relinks_disconnected=False, retrieves=False)
BY_PERSON = LinkPolicy(retrieves=False)
reals = st.integers(0, REALS - 1)
choices = st.integers(0, 11)
EndReason = AccountLink.EndReason


class AccountLives(RuleBasedStateMachine):
    """One client, its logins at one bank, and what the gateway makes of them."""

    def __init__(self) -> None:
        super().__init__()
        client: Any = ClientFactory()
        self.tenant = client.tenant
        self.bank = MemoryBank()
        config = VendorConfig(api="memory", base_url="", client_id="id", secret=API_SECRET)
        self.vendor: Any = MemoryVendor(self.bank, config)
        user = self.vendor.create_user(identifier=str(client.pk))
        self.user_id: str = user.id
        self.vendor_user = VendorUser.unscoped.create(
            tenant=self.tenant, client=client, vendor=SLUG, identifier="x", vendor_user_id=user.id
        )
        self.numbers = itertools.count(1)
        self.real_of: dict[str, int] = {}  # by the vendor's account id, for ever
        self.absent: dict[str, records.Account] = {}  # accounts that have vanished
        self.owner_of: dict[tuple[str | None, str], int] = {}
        self.look: dict[int, tuple[str | None, str]] = {}
        for real in range(REALS):
            self.change_look(real, 0, real)

    # What happens at the bank

    @rule(opened=st.sets(reals, min_size=1))
    def connect(self, opened: set[int]) -> None:
        if len(self.bank.members) >= 3:
            return
        template = self.bank.members.get(self.bank.connect(self.user_id))
        assert template is not None
        blank = [row for row in self.bank.accounts.values() if row.member_id == template.id]
        for row in blank:
            del self.bank.accounts[row.id]
        for real in sorted(opened):
            account_id = f"guid-{next(self.numbers)}"
            mask, name = self.look[real]
            self.real_of[account_id] = real
            self.bank.accounts[account_id] = replace(blank[0], id=account_id, mask=mask, name=name)
        self.link(template.id)

    @rule(choice=choices)
    def connect_again(self, choice: int) -> None:
        """The login ends at the vendor, and is made again with new ids."""
        if (member_id := self.chosen(sorted(self.bank.members), choice)) is None:
            return
        opened = {self.real_of[row.id] for row in self.listed(member_id)}
        self.lose_login(choice)
        if opened:
            self.connect(opened)

    @rule(choice=choices)
    def lose_login(self, choice: int) -> None:
        if (member_id := self.chosen(sorted(self.bank.members), choice)) is not None:
            for row in self.listed(member_id):
                del self.bank.accounts[row.id]
            del self.bank.members[member_id]

    @rule(choice=choices)
    def vanish(self, choice: int) -> None:
        if (account_id := self.chosen(sorted(self.bank.accounts), choice)) is not None:
            self.absent[account_id] = self.bank.accounts.pop(account_id)

    @rule(choice=choices)
    def come_back(self, choice: int) -> None:
        account_id = self.chosen(sorted(self.absent), choice)
        if account_id is None:
            return
        row = self.absent.pop(account_id)
        if row.member_id in self.bank.members:
            mask, name = self.look[self.real_of[account_id]]
            self.bank.accounts[account_id] = replace(row, mask=mask, name=name)

    @rule(real=reals, mask=st.integers(0, len(MASKS) - 1), name=st.integers(0, len(NAMES) - 1))
    def change_look(self, real: int, mask: int, name: int) -> None:
        """Another number, or another name."""
        look = (MASKS[mask], NAMES[name])
        if self.owner_of.setdefault(look, real) != real:
            return
        self.look[real] = look
        for account_id, row in self.bank.accounts.items():
            if self.real_of[account_id] == real:
                self.bank.accounts[account_id] = replace(row, mask=look[0], name=look[1])

    # What the tenant does

    @rule(choice=choices)
    def disconnect(self, choice: int) -> None:
        if (link := self.chosen(self.current_links(), choice)) is not None:
            account_links.end([link], EndReason.DISCONNECTED)

    @rule(choice=choices)
    def connect_accounts(self, choice: int) -> None:
        """POST /aggregation/account of a login."""
        if (member_id := self.chosen(sorted(self.bank.members), choice)) is not None:
            self.link(member_id)

    @rule(choice=choices)
    def delete_connection(self, choice: int) -> None:
        rows = Member.objects.for_tenant(self.tenant).order_by("create_date", "pk")
        member = self.chosen(list(rows), choice)
        if member is None:
            return
        for row in self.listed(member.vendor_member_id):
            del self.bank.accounts[row.id]
        self.bank.members.pop(member.vendor_member_id, None)
        account_links.end(account_links.of_connection(member), EndReason.CONNECTION_DELETED)
        member.delete()

    @rule(choice=choices)
    def merge(self, choice: int) -> None:
        """Merge two accounts that are the same real one."""
        by_real = defaultdict(list)
        for account in self.accounts().filter(merged_into=None).order_by("create_date", "pk"):
            by_real[self.real(account)].append(account)
        pairs = [
            pair
            for accounts in by_real.values()
            for pair in itertools.permutations(accounts, 2)
            if not self.accounts().filter(merged_into=pair[1]).exists()
        ]
        if pair := self.chosen(pairs, choice):
            account_merges.merge(kept=pair[0], merged=pair[1], requested_by="x")

    @rule(choice=choices)
    def undo(self, choice: int) -> None:
        rows = AccountMerge.objects.for_tenant(self.tenant).filter(undone_at=None)
        newest: dict[Any, AccountMerge] = {
            row.kept_account_id: row for row in rows.order_by("create_date", "pk")
        }
        if row := self.chosen(list(newest.values()), choice):
            account_merges.undo(row)

    # What the gateway does

    @rule(choice=choices)
    def sync(self, choice: int) -> None:
        rows = Member.objects.for_tenant(self.tenant).order_by("create_date", "pk")
        if member := self.chosen(list(rows), choice):
            self.read(member)

    def teardown(self) -> None:
        self.sync_all()

    @rule()
    def sync_all(self) -> None:
        """After two rounds everything is as at the bank."""
        for _ in range(2):
            for member in Member.objects.for_tenant(self.tenant).order_by("create_date", "pk"):
                self.read(member)
        listed = {self.real_of[account_id] for account_id in self.bank.accounts}
        active = defaultdict(list)
        for account in self.accounts().filter(is_active=True):
            active[self.real(account)].append(account)
        assert set(active) <= listed, "what the bank no longer has is active"
        assert listed - set(active) <= self.disconnected(), "what the bank has is not active"
        for accounts in active.values():
            for first, second in itertools.combinations(accounts, 2):
                assert self.is_flagged(first, second), "an account counts twice, and nobody knows"

    @invariant()
    def accounts_are_one_real_account_each(self) -> None:
        for account in self.accounts():
            self.real(account)

    @invariant()
    def accounts_are_active_exactly_if_linked(self) -> None:
        linked = {link.aggregation_account_id for link in self.current_links()}
        active = self.accounts().filter(is_active=True).values_list("pk", flat=True)
        assert set(active) == linked

    @invariant()
    def what_one_login_lists_is_not_flagged(self) -> None:
        current = {link.aggregation_account_id: link for link in self.current_links()}
        for row in PossibleDuplicate.objects.for_tenant(self.tenant):
            links = [current.get(pk) for pk in (row.aggregation_account_id, row.other_account_id)]
            if all(links) and row.create_date >= max(link.create_date for link in links if link):
                assert len({link.member_id for link in links if link}) == 2

    # Helpers

    def chosen(self, rows: list[Any], choice: int) -> Any:
        return rows[choice % len(rows)] if rows else None

    def listed(self, member_id: str) -> list[records.Account]:
        return [row for row in self.bank.accounts.values() if row.member_id == member_id]

    def link(self, member_id: str) -> None:
        vendor_member = self.vendor.read_member(user_id=self.user_id, member_id=member_id)
        self.update(vendor_member, BY_PERSON)

    def read(self, member: Member) -> None:
        if member.vendor_member_id not in self.bank.members:
            missing_connections.mark_missing(member)
        else:
            self.update(self.bank.members[member.vendor_member_id], SYNC)

    def update(self, vendor_member: records.Member, policy: LinkPolicy) -> None:
        member = connections.store(
            vendor=self.vendor, vendor_user=self.vendor_user, vendor_member=vendor_member
        )
        listed = self.vendor.list_accounts(user_id=self.user_id, member_id=vendor_member.id)
        account_linking.update_links(
            vendor=self.vendor, member=member, listed=listed, policy=policy
        )

    def accounts(self) -> Any:
        return AggregationAccount.objects.for_tenant(self.tenant)

    def links(self) -> Any:
        rows = AccountLink.objects.for_tenant(self.tenant).select_related("aggregation_account")
        return rows.order_by("create_date", "pk")

    def current_links(self) -> list[AccountLink]:
        return list(self.links().filter(ended_at=None))

    def real(self, account: AggregationAccount) -> int:
        links = self.links().filter(aggregation_account=account)
        (real,) = {self.real_of[link.vendor_account_id] for link in links}
        return real

    def disconnected(self) -> set[int]:
        """The real accounts of accounts that the tenant has disconnected."""
        latest = {link.aggregation_account_id: link for link in self.links()}
        return {
            self.real_of[link.vendor_account_id]
            for link in latest.values()
            if link.end_reason == EndReason.DISCONNECTED
        }

    def is_flagged(self, first: AggregationAccount, second: AggregationAccount) -> bool:
        ids = [first.pk, second.pk]
        rows = PossibleDuplicate.objects.for_tenant(self.tenant)
        return rows.filter(aggregation_account__in=ids, other_account__in=ids).exists()


@pytest.mark.django_db
def test_accounts_stay_what_they_are():
    def begin() -> AccountLives:
        return AccountLives()

    with transaction.atomic():
        run_state_machine_as_test(
            begin,
            settings=settings(
                max_examples=15,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
