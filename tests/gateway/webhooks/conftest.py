"""A linked member, and what MX would send about it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as HttpClient
from django.utils import timezone

from integrations.jobs import runner
from integrations.models import (
    AggregationSettings,
    Member,
)
from nucleus.models import AggregationAccountTransaction, Client, Tenant
from tests import mx_api
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.integration_api.conftest import link
from tests.mx_api import MXApi
from tests.sandbox_process import LOGIN, Sandbox

USER, SECRET = "mx", "a-secret-of-mx"


@pytest.fixture
def chosen(tenant: Tenant, chosen_api: MXApi) -> AggregationSettings:
    row = AggregationSettings(
        tenant=tenant,
        webhook_user=USER,
        webhook_secret=SECRET,
        history_days=chosen_api.days_back,
    )
    row.save()
    return row


@pytest.fixture
def mx(
    tenant: Tenant, chosen: AggregationSettings, own_sandbox: Sandbox, chosen_api: MXApi
) -> Sandbox:
    own_sandbox.call("POST", "/_control/reset", json={})
    connect_tenant(tenant, own_sandbox, chosen_api)
    return own_sandbox


def basic(user: str = USER, secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def post(row: AggregationSettings, body: Any, authorization: str | None = None) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": basic() if authorization is None else authorization}
    path = f"/webhooks/mx/{row.webhook_path}"
    http = HttpClient(raise_request_exception=False)
    return http.post(path, content, content_type="application/json", headers=headers)


def news(member: str, user: str, kind: str = "AGGREGATION") -> dict[str, Any]:
    return {"type": kind, "action": "member_data_updated", "member_guid": member, "user_guid": user}


@pytest.fixture
def linked(api: Api, mx: Sandbox, nucleus_client: Client) -> Member:
    """A member whose accounts are linked and retrieved."""
    return connected_member(api, mx, nucleus_client)


def connected_member(api: Api, mx: Sandbox, client: Client, login: str = LOGIN) -> Member:
    """Connect the accounts of a new member of the client, and retrieve them."""
    body = {"nucleus_client_id": client.id, "product": "atom", "vendor_name": "mx"}
    user = api.post("/integration/v1/user", body).data["vendor_response"]["guid"]
    member = mx.connect(user, login=login)
    link(api, client, member)
    runner.drain()
    return Member.unscoped.select_related("vendor_user").get(vendor_member_id=member)


def facts(member: Member) -> set[tuple[str, str]]:
    rows = AggregationAccountTransaction.unscoped.filter(tenant=member.tenant)
    return set(rows.exclude(status="canceled").values_list("source_id", "status"))


def at_mx(mx: Sandbox, member: Member, api: MXApi | None = None) -> set[tuple[str, str]]:
    since = timezone.now().date() - timedelta(days=(api or mx_api.chosen()).days_back)
    path = f"/users/{member.vendor_user.vendor_user_id}/transactions?from_date={since}"
    return {(row["guid"], row["status"].lower()) for row in mx.listed(path, "transactions")}
