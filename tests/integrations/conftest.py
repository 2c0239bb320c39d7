"""A tenant whose vendor is the in-memory one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.models import AggregationSettings, VendorCredential, VerificationSettings
from integrations.vendors import registry
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.integrations.flows.logins import Logins
from tests.integrations.vendors.memory import API_SECRET, SLUG, spec_of
from tests.integrations.vendors.memory_bank import MemoryBank


@pytest.fixture
def use_bank(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Callable[[MemoryBank], MemoryBank]:
    """Makes a bank the tenant's vendor, beside those that are built in."""

    def use(bank: MemoryBank) -> MemoryBank:
        specs = {**registry.specs(), SLUG: spec_of(bank)}
        monkeypatch.setattr(registry, "specs", lambda: specs)
        VendorCredential(
            tenant=tenant, vendor=SLUG, api="memory", client_id="id", secret=API_SECRET
        ).save()
        for settings in (AggregationSettings, VerificationSettings):
            settings.unscoped.create(tenant=tenant, vendor=SLUG)
        return bank

    return use


@pytest.fixture
def memory_bank(use_bank: Callable[[MemoryBank], MemoryBank]) -> MemoryBank:
    """A bank with every capability, the tenant's vendor."""
    return use_bank(MemoryBank())


@pytest.fixture
def logins(api: Api, nucleus_client: Client, memory_bank: MemoryBank) -> Logins:
    """A client of that tenant, before its first login."""
    return Logins(api, nucleus_client, memory_bank)
