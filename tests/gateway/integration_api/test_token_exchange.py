"""POST /token_exchange, and naming a vendor configuration."""

from __future__ import annotations

import uuid
from typing import Any

from integrations.models import VendorCredential
from nucleus.models import Client
from tests.api import Api
from tests.conftest import connect_tenant
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.sandbox_process import Sandbox

LINK = "/integration/v1/aggregation/account"


def test_there_is_no_token_to_exchange(api: Api, mx: Sandbox, nucleus_client: Client):
    url = "/integration/v1/token_exchange"
    body: dict[str, Any] = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
    nulls = dict.fromkeys(["nucleus_business_id", "tenant_id", "vendor_request", "vendor_name"])
    refused = api.post(url, body | nulls)
    assert refused.status_code == 400
    assert LINK in refused.data["message"]
    assert "MX" in refused.data["message"]
    wrong = api.post(url, body | {"product": "molecule"})
    assert "atom" in wrong.data["errors"]["product"][0]
    assert LINK in api.post(url, body | {"product": None}).data["message"]  # the same as "atom"
    assert "acme" in api.post(url, body | {"vendor_name": "acme"}).data["message"]
    foreign = ClientFactory(tenant=TenantFactory())
    assert api.post(url, body | {"nucleus_client_id": foreign.pk}).status_code == 404


def test_a_configuration_is_the_active_one_or_refused(
    api: Api, mx: Sandbox, nucleus_client: Client, member_guid: str
):
    active = VendorCredential.unscoped.get()
    foreign = TenantFactory()
    connect_tenant(foreign, mx)
    config_ids = [VendorCredential.unscoped.exclude(pk=active.pk).get().pk, uuid.uuid4(), "mx"]
    body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member_guid}}
    for config_id in config_ids:
        refused = api.post(LINK, body | {"vendor_config_id": config_id})
        assert refused.status_code == 400
        assert str(active.pk) in refused.data["message"]
    assert api.post(LINK, body | {"vendor_config_id": active.pk}).status_code == 200
    active.is_active = False
    active.save()
    refused = api.post(LINK, body | {"vendor_config_id": active.pk})
    assert refused.status_code == 400
    assert "There is none" in refused.data["message"]
