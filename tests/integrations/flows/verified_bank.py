"""A client with verified bank links at a sandbox whose bank the test changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.flows import outbound_webhooks, sync
from integrations.jobs import runner
from integrations.models import AggregationSettings, Job, JobState, Member, OutboundEvent
from integrations.vendors.records import SyncScope
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.integration_api.conftest import link
from tests.sandbox import bank
from tests.sandbox_process import DEPOSITS
from tests.world import Row, World

IAV, LINKS = "/integration/v1/iav", "/nucleus/v1/bank_link"
CHECKING = "Everyday Checking"
UNVERIFIED, VERIFIED = outbound_webhooks.UNVERIFIED, outbound_webhooks.VERIFIED


class Bank:
    """A client with a connection at a sandbox whose bank the test changes."""

    def __init__(self, api: Api, client: Client, world: World) -> None:
        self.api, self.client, self.world = api, client, world
        body = {"nucleus_client_id": client.id, "product": "atom"}
        answer = api.post("/integration/v1/user", body)
        assert answer.status_code == 200, answer.data
        world.user = answer.data["vendor_response"]["guid"]
        self.member = bank.connect(world)

    def verify(self, member: str | None = None) -> list[Row]:
        """The bank links that POST /iav answers."""
        body: Row = {"nucleus_client_id": self.client.pk}
        body["vendor_request"] = {"member_id": member or self.member}
        for _ in range(3):  # the sandbox's clock stands still
            answer = self.api.post(IAV, body)
            assert answer.status_code == 200, answer.data
            self.rows = answer.data["bank_link"]["response"]
            if self.rows:
                break
            self.world.advance("1s")
        return [row["nucleus_bank_link"] for row in self.rows if row["nucleus_bank_link"]]

    def happen(self, kind: str, name: str = CHECKING, **values: Any) -> Row:
        """An event of the account that has this name at MX."""
        if kind.endswith(("_account", "_owners")):
            values = {"account": self.guid(name), **values}
        return bank.happen(self.world, kind, **values)

    def guid(self, name: str) -> str:
        reported = bank.report(self.world)[name]
        return str(reported["mx_guids"][0])

    def import_(self, member: str | None = None) -> None:
        """MX imports, and a sync reads it."""
        member = member or self.member
        bank.import_(self.world, member)
        self.sync(member)

    def sync(self, member: str | None = None, scope: SyncScope = SyncScope.EVERYTHING) -> None:
        row = Member.unscoped.get(vendor_member_id=member or self.member)
        sync.enqueue(member=row, scope=scope)
        runner.drain()
        jobs = Job.objects.exclude(kind="deliver_webhook").values_list("state", flat=True)
        assert set(jobs) <= {JobState.DONE, JobState.MERGED}

    def account_of(self, link_id: str) -> Row:
        """The aggregation account that is paid through the bank link."""
        page = self.api.get("/nucleus/v1/aggregation_account").data
        (account,) = [row for row in page["content"] if row["bank_link_id"] == link_id]
        return dict(account)

    def link_of(self, name: str = CHECKING) -> Row:
        """The account's verified bank link."""
        (row,) = [row for row in self.links() if row["bank_account_name"] == name]
        return row

    def links(self) -> list[Row]:
        answer = self.api.get(LINKS, filter="is_link_verified==true")
        return list(answer.data["content"])

    def bank_links_of_accounts(self) -> dict[str, tuple[str | None, bool]]:
        """Bank link and whether it is verified, by the name of the active account."""
        rows = self.api.get("/nucleus/v1/aggregation_account", filter="is_active==true").data
        return {
            row["account_name"]: (row["bank_link_id"], row["is_link_verified"])
            for row in rows["content"]
        }

    def link(self, link_id: str) -> Row:
        nucleus = self.api.get(f"{LINKS}/{link_id}").data
        answer = self.api.get(f"{IAV}/{link_id}").data
        assert answer["bank_link"]["response"][0]["nucleus_bank_link"] == nucleus
        assert (answer["vendor_name"] == "mx") is nucleus["is_link_verified"]
        return dict(nucleus)

    def assert_unverified(self, link_id: str, reason: str) -> None:
        link = self.link(link_id)
        assert (link["is_active"], link["is_link_verified"]) == (False, False)
        assert (link["balance"], link["available_balance"]) == (None, None)
        assert link["unverified_reason"] == reason
        page = self.api.get("/nucleus/v1/aggregation_account", filter="is_link_verified==true")
        assert link_id not in {row["bank_link_id"] for row in page.data["content"]}
        assert self.events(UNVERIFIED).count((link_id, reason)) == 1

    def events(self, name: str) -> list[tuple[str, str | None]]:
        """Bank link and reason of each event."""
        rows = OutboundEvent.unscoped.filter(type=name).order_by("create_date", "id")
        data = [json.loads(row.payload)["data"] for row in rows]
        return [(row["nucleus_bank_link_id"], row.get("reason")) for row in data]


@pytest.fixture
def bank_world(world: World) -> World:
    world = bank.begin(world)
    world.login = DEPOSITS  # other accounts are not verified
    world.rules(verification_flow="legacy")
    return world


@pytest.fixture
def connected_bank(api: Api, tenant: Tenant, nucleus_client: Client, bank_world: World) -> Bank:
    """A connection that nothing refers to yet."""
    AggregationSettings(tenant=tenant).save()
    connect_tenant(tenant, bank_world.sandbox)
    hook = {"url": "http://127.0.0.1:9/x", "extended_events": [UNVERIFIED, VERIFIED]}
    assert api.post("/integration/v1/webhook", hook).status_code == 200
    return Bank(api, nucleus_client, bank_world)


@pytest.fixture
def iav_bank(connected_bank: Bank) -> Bank:
    """A connection that is only used for verification."""
    assert connected_bank.verify()
    return connected_bank


@pytest.fixture
def linked_bank(connected_bank: Bank) -> Bank:
    """A connection whose accounts are linked and verified."""
    link(connected_bank.api, connected_bank.client, connected_bank.member)
    runner.drain()
    assert connected_bank.verify()
    return connected_bank
