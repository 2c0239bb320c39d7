"""A client whose accounts are connected, with the shared sandbox or with one of the test's own."""

from __future__ import annotations

import pytest

from integrations.models import AggregationSettings, Member
from nucleus.models import Client, Tenant
from tests import mx_api
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.admin.conftest import staff, superuser  # noqa: F401
from tests.gateway.integration_api.conftest import linked, member_guid, user_guid  # noqa: F401
from tests.gateway.webhooks.conftest import SECRET, USER, connected_member
from tests.integrations.flows.bank_changes import subscribed  # noqa: F401
from tests.integrations.flows.linked_bank import Linked, link_bank
from tests.integrations.flows.two_apis import apis  # noqa: F401
from tests.integrations.flows.verified_bank import (  # noqa: F401
    bank_world,
    connected_bank,
    iav_bank,
    linked_bank,
)
from tests.integrations.vendors.memory_bank import MemoryBank
from tests.sandbox_process import LOGIN, Sandbox


@pytest.fixture
def aggregation_settings(tenant: Tenant) -> AggregationSettings:
    """The tenant's settings, with the user and secret of webhooks."""
    settings = AggregationSettings(
        tenant=tenant,
        webhook_user=USER,
        webhook_secret=SECRET,
        history_days=mx_api.chosen().days_back,
    )
    settings.save()
    return settings


@pytest.fixture
def own_mx(
    tenant: Tenant, aggregation_settings: AggregationSettings, own_sandbox: Sandbox
) -> Sandbox:
    """A sandbox whose clock and faults the test may change, with the tenant's credential."""
    own_sandbox.call("POST", "/_control/reset", json={})
    connect_tenant(tenant, own_sandbox)
    return own_sandbox


@pytest.fixture
def login() -> str:
    """The user name at the bank, whose accounts are of every kind; some modules need fewer."""
    return LOGIN


@pytest.fixture
def connection(api: Api, own_mx: Sandbox, nucleus_client: Client, login: str) -> Member:
    """A connection whose accounts are connected and retrieved."""
    return connected_member(api, own_mx, nucleus_client, login)


@pytest.fixture
def account(api: Api, nucleus_client: Client, memory_bank: MemoryBank) -> Linked:
    return link_bank(api, nucleus_client, memory_bank)
