"""MX keeps the contract of vendors, against the sandbox over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from integrations.vendors.base import Vendor, VendorConfig
from integrations.vendors.mx import SPEC
from integrations.vendors.spec import VendorSpec
from tests import mx_api
from tests.integrations.vendors.contract import BankSide, VendorContract
from tests.mx_api import MXApi
from tests.sandbox_process import Sandbox


class TestMX(VendorContract):
    @pytest.fixture(params=mx_api.every(), ids=str)
    def api(self, request: pytest.FixtureRequest) -> MXApi:
        """Each version of each API."""
        return cast("MXApi", request.param)

    @pytest.fixture
    def config(self, api: MXApi, sandbox: Sandbox) -> VendorConfig:
        return VendorConfig(
            api.slug, sandbox.base_url, api.client_id, api.api_key, api_version=api.version
        )

    @pytest.fixture
    def spec(self) -> VendorSpec:
        return SPEC

    @pytest.fixture
    def bank(self, config: VendorConfig, sandbox: Sandbox) -> BankSide:
        return BankSide(vendor=SPEC.open(config), connect=sandbox.connect)

    @pytest.fixture
    def stranger(self, config: VendorConfig) -> Vendor:
        return SPEC.open(replace(config, secret="wrong"))
