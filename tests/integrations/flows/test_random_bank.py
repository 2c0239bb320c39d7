"""Whatever the bank does with its rows, Nucleus has the same ones afterwards, each once."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from integrations.models import AccountLink
from integrations.vendors import records
from nucleus.models import AggregationAccountTransaction
from tests.integrations.flows.test_continued_rows import Person, person

pytestmark = pytest.mark.django_db
__all__ = ["person"]  # the fixture
STEPS = 12


class RandomBank:
    """Changes the rows of a person's checking account at random."""

    def __init__(self, person: Person, seed: int) -> None:
        self.person, self.random = person, random.Random(seed)
        self.number = 0

    @property
    def rows(self) -> list[records.Transaction]:
        rows = self.person.bank.transactions.values()
        return [row for row in rows if row.account_id == self.person.checking]

    def change(self) -> None:
        changes = (self.book, self.book, self.withdraw, self.restate, self.post, self.connect_again)
        self.random.choice(changes)()

    def book(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            status = self.random.choice(("posted", "posted", "pending"))
            self.person.book(self.random.randint(1, 6), self.random.randint(0, 50), status)

    def withdraw(self) -> None:
        for row in self._some():
            del self.person.bank.transactions[row.id]

    def restate(self) -> None:
        for row in self._some():
            self._replace(row, amount=row.amount + self.random.randint(0, 1))

    def post(self) -> None:
        for row in self.rows:
            if row.status == "pending":
                self._replace(row, status="posted")

    def connect_again(self) -> None:
        before = self.rows
        self.person.connect_again()
        for row in self.rows:
            del self.person.bank.transactions[row.id]
        for row in before:
            self._add(row, account_id=self.person.checking)
        self.person.link()

    def _some(self) -> list[records.Transaction]:
        return self.random.sample(self.rows, min(len(self.rows), 2))

    def _replace(self, row: records.Transaction, **changes: object) -> None:
        """Change a row, under its id or another one."""
        if self.random.random() < 0.5:
            self.person.bank.transactions[row.id] = replace(row, **changes)  # type: ignore[arg-type]
        else:
            del self.person.bank.transactions[row.id]
            self._add(row, **changes)

    def _add(self, row: records.Transaction, **changes: object) -> None:
        self.number += 1
        new_id = f"row-{self.number}"
        changed = replace(row, id=new_id, **changes)  # type: ignore[arg-type]
        self.person.bank.transactions[new_id] = changed


@pytest.mark.parametrize("seed", range(3))
def test_rows_equal_those_of_the_bank(person: Person, seed: int):
    bank = RandomBank(person, seed)
    for step in range(STEPS):
        bank.change()
        person.sync()
        link = AccountLink.unscoped.get(vendor_account_id=person.checking, ended_at=None)
        rows = AggregationAccountTransaction.unscoped.filter(
            aggregation_account=link.aggregation_account_id, is_active=True
        )
        stored = Counter(rows.values_list("source_id", "amount", "status"))
        assert stored == Counter((row.id, row.amount, row.status) for row in bank.rows), step
        assert link.withheld_removals == 0
        before = list(rows.order_by("id").values())
        person.sync()
        assert list(rows.order_by("id").values()) == before
