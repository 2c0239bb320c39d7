"""Bank links of accounts that two logins of one person share and that were merged."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nucleus.models import AggregationAccount
from tests.gateway.integration_api.conftest import link
from tests.integrations.flows.verified_bank import CHECKING, Bank
from tests.sandbox import bank

MERGES = "/integration/v1/account_merge"


@dataclass
class Merged:
    """A verified account that was merged into that of another login, which is not verified."""

    bank: Bank
    kept: str
    merged: str
    at_bank: str
    merge: str

    def bank_link(self, account: str) -> tuple[str | None, bool]:
        row = self.bank.api.get(f"/nucleus/v1/aggregation_account/{account}").data
        return row["bank_link_id"], row["is_link_verified"]

    def undo(self) -> None:
        assert self.bank.api.delete(f"{MERGES}/{self.merge}").status_code == 204

    def renumber(self) -> str:
        """The bank replaces the number; the id of the bank link that has the new one."""
        numbers = {"number": "123450006789", "routing_number": "021000021"}
        bank.happen(self.bank.world, "renumber_account", account=self.at_bank, **numbers)
        self.bank.import_()
        return str(next(row["id"] for row in self.bank.links() if row["mask"] == "6789"))


@pytest.fixture
def merged(linked_bank: Bank) -> Merged:
    it = linked_bank
    verified = it.account_of(it.link_of()["id"])["id"]
    shared = bank.report(it.world)[CHECKING]["account"]
    other_login = it.world.sandbox.connect(it.world.user, login="another")
    it.world.advance("1s")
    bank.happen(it.world, "share_account", account=shared, to_member=other_login, now=True)
    link(it.api, it.client, other_login)
    mask = AggregationAccount.unscoped.get(pk=verified).mask
    kept = AggregationAccount.unscoped.exclude(pk=verified).get(mask=mask)
    body = {"kept_aggregation_account_id": kept.pk, "merged_aggregation_account_id": verified}
    response = it.api.post(MERGES, body)
    assert response.status_code == 200, response.data
    return Merged(it, str(kept.pk), verified, shared, response.data["id"])


def test_a_replaced_number_reaches_the_remaining_account_and_undo_reverts_it(merged: Merged):
    before = merged.bank_link(merged.kept)
    assert before[1] is True
    new = merged.renumber()
    assert new != before[0]
    assert merged.bank_link(merged.kept) == (new, True)
    merged.undo()
    assert merged.bank_link(merged.kept) == (None, False)
    assert merged.bank_link(merged.merged) == (new, True)
    merged.bank.import_()
    assert merged.bank_link(merged.kept) == (None, False)
    assert merged.bank_link(merged.merged) == (new, True)


def test_verification_after_a_merge_reaches_the_remaining_account(merged: Merged):
    it = merged.bank
    before = merged.bank_link(merged.kept)[0]
    assert it.api.delete(f"/integration/v1/iav/{before}").status_code == 204
    assert merged.bank_link(merged.kept)[1] is False
    it.verify()
    assert merged.bank_link(merged.kept) == (before, True)
