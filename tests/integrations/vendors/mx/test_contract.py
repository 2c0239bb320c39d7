"""MX keeps the contract of vendors, against the sandbox over HTTP."""

from __future__ import annotations

import pytest

from integrations.vendors.base import Vendor, VendorConfig
from integrations.vendors.mx import SPEC
from integrations.vendors.spec import VendorSpec
from tests.integrations.vendors.contract import BankSide, VendorContract
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox


class TestMX(VendorContract):
    @pytest.fixture(params=[(slug, v) for slug, api in SPEC.apis.items() for v in api.versions])
    def config(self, request: pytest.FixtureRequest, sandbox: Sandbox) -> VendorConfig:
        """Each version of each API."""
        api, version = request.param
        return VendorConfig(api, sandbox.base_url, CLIENT_ID, API_KEY, api_version=version)

    @pytest.fixture
    def spec(self) -> VendorSpec:
        return SPEC

    @pytest.fixture
    def bank(self, config: VendorConfig, sandbox: Sandbox) -> BankSide:
        return BankSide(vendor=SPEC.open(config), connect=sandbox.connect)

    @pytest.fixture
    def stranger(self, sandbox: Sandbox) -> Vendor:
        return SPEC.open(VendorConfig("atrium", sandbox.base_url, CLIENT_ID, "wrong"))
