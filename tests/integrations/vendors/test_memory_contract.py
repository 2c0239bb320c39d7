"""The in-memory vendor keeps the contract, so flows may be tested with it."""

from __future__ import annotations

import pytest

from integrations.vendors.base import Vendor, VendorConfig
from integrations.vendors.spec import VendorSpec
from tests.integrations.vendors.contract import BankSide, VendorContract
from tests.integrations.vendors.memory import API_SECRET, spec_of
from tests.integrations.vendors.memory_bank import MemoryBank


class TestMemory(VendorContract):
    @pytest.fixture
    def memory(self) -> MemoryBank:
        return MemoryBank()

    @pytest.fixture
    def spec(self, memory: MemoryBank) -> VendorSpec:
        return spec_of(memory)

    @pytest.fixture
    def bank(self, spec: VendorSpec, memory: MemoryBank) -> BankSide:
        config = VendorConfig("memory", "https://memory.invalid", "id", API_SECRET)
        return BankSide(vendor=spec.open(config), connect=memory.connect)

    @pytest.fixture
    def stranger(self, spec: VendorSpec) -> Vendor:
        return spec.open(VendorConfig("memory", "https://memory.invalid", "id", "wrong"))
