"""A client whose bank is linked, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.jobs import runner
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.factories.nucleus import AggregationAccountFactory
from tests.sandbox_process import Sandbox


@pytest.fixture
def user_guid(api: Api, mx: Sandbox, nucleus_client: Client) -> str:
    """The client's MX user."""
    response = api.post(
        "/integration/v1/user",
        {"nucleus_client_id": nucleus_client.id, "product": "atom", "vendor_name": "mx"},
    )
    assert response.status_code == 200, response.data
    return str(response.data["vendor_response"]["guid"])


@pytest.fixture
def member_guid(mx: Sandbox, user_guid: str) -> str:
    """A member the end user connected, its first import done or running."""
    return mx.connect(user_guid)


@pytest.fixture
def linked(api: Api, nucleus_client: Client, member_guid: str) -> list[dict[str, Any]]:
    """The aggregation accounts of that member, as the API answered them."""
    response = link(api, nucleus_client, member_guid)
    return [row["body"] for row in response["nucleus_aggregation_accounts"]]


@pytest.fixture
def kept(nucleus_client: Client) -> AggregationAccount:
    """An account into which another one is merged."""
    row: Any = AggregationAccountFactory(client=nucleus_client)
    return row


@pytest.fixture
def merged(nucleus_client: Client) -> AggregationAccount:
    """An account of the same client, to be merged into `kept`."""
    row: Any = AggregationAccountFactory(client=nucleus_client)
    return row


def link(api: Api, client: Client, member_guid: str | None) -> dict[str, Any]:
    body = {"nucleus_client_id": client.id, "product": "atom"}
    if member_guid:
        body["vendor_request"] = {"member_id": member_guid}
    response = api.post("/integration/v1/aggregation/account", body)
    assert response.status_code == 200, response.data
    return response.data


def run_jobs() -> int:
    """Run everything that is due, as a worker would; answers how many jobs ran."""
    return runner.drain()
