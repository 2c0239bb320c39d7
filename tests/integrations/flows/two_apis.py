"""A tenant with a credential for each of two APIs of the in-memory vendor."""

from __future__ import annotations

import copy
import io
import itertools
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.flows import sync
from integrations.jobs import runner
from integrations.models import AccountLink, Member, VendorCredential
from integrations.vendors import registry
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Tenant
from tests.integrations.vendors.memory import API_SECRET, SLUG, MemoryVendor, spec_of
from tests.integrations.vendors.memory_bank import MemoryBank

NEXT = "next"  # the slug of the vendor's other API


@dataclass
class Apis:
    """The vendor's two APIs, each with what exists behind it, and a credential for each."""

    tenant: Tenant
    banks: dict[str, MemoryBank]

    def row(self, api: str) -> VendorCredential:
        return VendorCredential.unscoped.get(tenant=self.tenant, api=api)

    @property
    def active(self) -> str:
        return str(VendorCredential.unscoped.get(tenant=self.tenant, is_active=True).api)

    def carry_over(self) -> MemoryBank:
        """The other API has everything that the first has, each under its id."""
        self.banks[NEXT] = copy.deepcopy(self.banks["memory"])
        self.banks[NEXT].limits = replace(self.banks[NEXT].limits, page_size=3)
        return self.banks[NEXT]

    def run(self, *options: str) -> str:
        out = io.StringIO()
        arguments = ("--tenant", self.tenant.slug, "--vendor", SLUG, *options)
        call_command("move_api", *arguments, stdout=out)
        return out.getvalue()

    def refusal(self, *options: str) -> str:
        with pytest.raises(CommandError) as error:
            self.run(*options)
        return str(error.value)


@pytest.fixture
def apis(tenant: Tenant, memory_bank: MemoryBank, monkeypatch: pytest.MonkeyPatch) -> Apis:
    banks = {"memory": memory_bank, NEXT: MemoryBank(numbers=itertools.count(1000))}
    spec = spec_of(memory_bank)
    other = replace(spec.apis["memory"], name="Next")
    two = replace(
        spec,
        apis={**spec.apis, NEXT: other},
        open=lambda config: MemoryVendor(banks[config.api], config),
    )
    specs = {**registry.specs(), SLUG: two}
    monkeypatch.setattr(registry, "specs", lambda: specs)
    VendorCredential(
        tenant=tenant, vendor=SLUG, api=NEXT, client_id="id", secret=API_SECRET, is_active=False
    ).save()
    return Apis(tenant, banks)


def sync_all(scope: SyncScope = SyncScope.EVERYTHING) -> None:
    """What the regular reconciliation does, whatever the state of a connection."""
    for member in Member.unscoped.order_by("create_date"):
        sync.enqueue(member=member, scope=scope)
    runner.drain()


def stored() -> dict[str, Any]:
    """Everything that must stay as it is: ids, and when each row was last written."""
    rows = AggregationAccountTransaction.unscoped.order_by("pk")
    return {
        "accounts": list(AggregationAccount.unscoped.order_by("pk").values_list("pk", "is_active")),
        "links": list(AccountLink.unscoped.order_by("pk").values_list("pk", "ended_at")),
        "members": list(Member.unscoped.order_by("pk").values_list("pk", "connection_status")),
        "transactions": list(rows.values_list("pk", "source_id", "status", "update_date")),
    }
