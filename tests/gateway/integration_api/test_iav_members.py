"""POST /iav without a member: every member of the owner, each by itself."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from gateway.access.models import Application
from integrations.models import Job, JobState, Member, VendorCredential, VendorUser
from nucleus.models import AggregationAccount, BankLink, Client, Tenant
from tests import hostile_mx
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import BankLinkFactory
from tests.gateway.integration_api.conftest import run_jobs
from tests.sandbox_process import Sandbox

IAV = "/integration/v1/iav"


def verify(api: Api, client: Client, member: str | None = None, **more: Any) -> dict[str, Any]:
    request = {"member_id": member} if member else None
    body = {"nucleus_client_id": client.pk, "product": "atom", "vendor_request": request, **more}
    response = api.post(IAV, body)
    assert response.status_code == 200, response.data
    return dict(response.data["bank_link"])


def links_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [row["nucleus_bank_link"] for row in response["response"] if row["nucleus_bank_link"]]


@pytest.fixture
def members(mx: Sandbox, user_guid: str) -> list[str]:
    """Two members that are connected."""
    return [mx.connect(user_guid, institution=code) for code in ("mxbank", "test_credit_union")]


def test_every_member_is_verified(api: Api, nucleus_client: Client, members: list[str]):
    links = links_of(verify(api, nucleus_client))
    one_by_one = [
        link for member in members for link in links_of(verify(api, nucleus_client, member))
    ]
    assert {link["id"] for link in links} == {link["id"] for link in one_by_one}
    assert len(links) == BankLink.unscoped.count() > 2
    for vendor_request in ({}, {"item_id": "x"}, {"member_id": None}):
        repeated = verify(api, nucleus_client, vendor_request=vendor_request)
        assert {link["id"] for link in links_of(repeated)} == {link["id"] for link in links}
        assert repeated["message"] is None


def test_one_that_needs_its_user_or_fails_does_not_hide_the_others(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    works = mx.connect(user_guid)
    asks = mx.connect(user_guid, password="challenge", institution="test_credit_union")
    fails = mx.connect(user_guid, institution="test_savings_bank")
    verify(api, nucleus_client, works)  # its numbers are there
    mx.fault(method="GET", path=f"/users/*/members/{fails}/account_numbers", kind="status",
             status=503, count=20)  # fmt: skip
    response = verify(api, nucleus_client)
    assert links_of(response)
    assert "Test Credit Union: " in response["message"]
    assert f"member_id={asks}" in response["message"]
    assert "Test Savings Bank: " in response["message"]
    assert "MX Bank" not in response["message"]


def test_members_that_are_being_imported_are_verified_by_jobs(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, settings: Any
):
    settings.MEMBER_WAIT_SECONDS = 0.0
    with mx.stopped_clock():
        for institution in ("mxbank", "test_credit_union", "test_savings_bank"):
            mx.connect(user_guid, institution=institution)
        assert links_of(verify(api, nucleus_client)) == []
    jobs = Job.objects.filter(kind="verify_member")
    assert jobs.count() == 3
    while jobs.filter(state=JobState.READY).exists():
        run_jobs()
    settings.MEMBER_WAIT_SECONDS = 5.0
    assert len({link["id"] for link in links_of(verify(api, nucleus_client))}) >= 6


def test_without_a_member_it_says_what_to_do(api: Api, mx: Sandbox, nucleus_client: Client):
    body = {"nucleus_client_id": nucleus_client.pk}
    early = api.post(IAV, body)
    assert early.status_code == 400
    assert "POST /integration/v1/user" in early.data["message"]
    assert api.post("/integration/v1/user", body | {"product": "atom"}).status_code == 200
    response = verify(api, nucleus_client)
    assert response["response"] == []
    assert "mode=iav" in response["message"]


def test_reading_says_which_vendor_verified_it(api: Api, nucleus_client: Client, member_guid: str):
    (link, *_) = links_of(verify(api, nucleus_client, member_guid))
    assert api.get(f"{IAV}/{link['id']}").data["vendor_name"] == "mx"
    manual: Any = BankLinkFactory(client=nucleus_client)
    assert api.get(f"{IAV}/{manual.pk}").data["vendor_name"] is None


def test_a_clients_token_names_the_tenants_account_of_new_links_only(
    api: Api, application: Application, nucleus_client: Client, member_guid: str
):
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    client_api = Api(access_token(application, client=nucleus_client))
    made = verify(client_api, nucleus_client, member_guid, nucleus_account_id=first)
    assert {link["account_id"] for link in links_of(made)} == {first}
    repeated = verify(client_api, nucleus_client, member_guid, nucleus_account_id=second)
    assert {link["account_id"] for link in links_of(repeated)} == {first}
    assert "account_id" in repeated["response"][0]["message"]
    by_tenant = verify(api, nucleus_client, member_guid, nucleus_account_id=second)
    assert {link["account_id"] for link in links_of(by_tenant)} == {second}


def test_jobs_that_wait_since_an_earlier_version_are_understood(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, member_guid: str
):
    """They call the vendor's id of the member `member_id`."""
    links = links_of(verify(api, nucleus_client, member_guid))
    BankLink.unscoped.all().delete()
    user = VendorUser.unscoped.get()
    for kind in ("verify_member", "link_member"):
        JobFactory(
            tenant=nucleus_client.tenant,
            kind=kind,
            payload={"vendor_user_id": str(user.pk), "member_id": member_guid},
        )
    run_jobs()
    assert BankLink.unscoped.count() == len(links)
    assert AggregationAccount.unscoped.exists()
    assert not Job.objects.filter(state="dead").exists()


def test_a_verification_that_had_to_wait_for_an_import_is_started_by_the_job(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, settings: Any
):
    settings.MEMBER_WAIT_SECONDS = 0.0
    with mx.stopped_clock():
        member = mx.connect(user_guid)
        response = verify(api, nucleus_client, member)
    assert response["response"] == []
    job = Job.objects.get(kind="verify_member")
    assert (job.payload["vendor_member_id"], job.payload["is_started"]) == (member, False)
    for _ in range(60):
        run_jobs()
        if BankLink.unscoped.exists():
            break
        time.sleep(0.1)
    assert BankLink.unscoped.exists()


def test_a_member_without_credentials_is_told_at_once(
    api: Api, nucleus_client: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """Its status is null: nothing moves by itself, so no job looks again for hours."""
    row = hostile_mx.MEMBER_ROW | {"connection_status": None, "name": "Test Bank"}
    members = f"/users/{hostile_mx.USER}/members"
    numbers = f"{members}/{hostile_mx.MEMBER}/account_numbers"
    monkeypatch.setitem(hostile_mx.OBJECTS, f"{members}/{hostile_mx.MEMBER}", {"member": row})
    monkeypatch.setitem(hostile_mx.LISTS, members, ("members", [row]))
    monkeypatch.setitem(hostile_mx.LISTS, numbers, ("account_numbers", []))
    with hostile_mx.serving() as url:
        VendorCredential(
            tenant=tenant,
            api="atrium",
            environment="custom",
            base_url=url,
            client_id="id",
            secret="key",
        ).save()
        body = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
        assert api.post("/integration/v1/user", body).status_code == 200
        for member in (hostile_mx.MEMBER, None):
            response = verify(api, nucleus_client, member)
            assert response["response"] == []
            assert "enter your login" in response["message"]
            assert "Next: repair" in response["message"]
            assert f"member_id={hostile_mx.MEMBER}" in response["message"]
    assert not Job.objects.exists()
    assert Member.unscoped.get().connection_status == "NO_CREDENTIALS"
