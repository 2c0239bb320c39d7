"""Erasing a client deletes everything here and at MX, and leaves a record of it."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as HttpClient
from django.utils import timezone

from gateway.access.models import Application
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AuditLog,
    Erasure,
    InboundWebhook,
    Job,
    JobState,
    WebhookDelivery,
)
from nucleus.models import (
    AggregationAccount,
    AggregationAccountTransaction,
    BankLink,
    Client,
    StaffAccess,
)
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory, TransactionFactory
from tests.gateway.integration_api.conftest import link
from tests.nucleus import bodies
from tests.sandbox_process import Sandbox
from tests.waiting import PATIENCE

NAME = "Canaria"


@pytest.fixture
def nucleus_client(tenant: Any) -> Client:
    return ClientFactory(
        tenant=tenant, username="canaria-1", first_name=NAME, email="canaria@demo.example"
    )


def url(client: Client) -> str:
    return f"/nucleus/v1/client/{client.pk}"


def erase(api: Api, client: Client) -> None:
    assert api.delete(url(client), "?nucleus_data=delete").status_code == 204


def let_time_pass() -> int:
    """Run the jobs, those included that wait."""
    Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
    return runner.drain()


def all_rows(*, but: tuple[Any, ...] = ()) -> str:
    """The text of every row of every table."""
    with connection.cursor() as cursor:
        texts = []
        for model in set(apps.get_models()) - set(but):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')  # noqa: S608
            texts += [repr(row) for row in cursor.fetchall()]
    return "\n".join(texts)


def is_at_mx(mx: Sandbox, user: str) -> bool:
    return mx.session.get(f"{mx.base_url}/users/{user}", timeout=PATIENCE).status_code == 200


def leave_traces(api: Api, mx: Sandbox, client: Client, user_guid: str) -> tuple[list[str], str]:
    """Link, verify, notify and log in: all that the gateway stores about somebody.

    Returns:
        Texts that must be nowhere afterwards, and the id of an audit log entry of the tenant.
    """
    hook = {
        "url": "http://127.0.0.1:9/hooks",
        "atom_service": ["aggregation_account", "aggregation_account_transaction"],
    }
    assert api.post("/nucleus/v1/webhook", hook).status_code == 200
    member = mx.connect(user_guid)
    link(api, client, member)
    runner.drain()
    body = {"nucleus_client_id": client.pk, "vendor_request": {"member_id": member}}
    verified = api.post("/integration/v1/iav", body).data["bank_link"]["response"]
    numbers = [row["nucleus_bank_link"]["bank_account_number"] for row in verified]
    InboundWebhook.objects.create(
        tenant=client.tenant, vendor="mx", vendor_user_id=user_guid, digest="",
        body=json.dumps({"user_guid": user_guid}),
    )  # fmt: skip
    entry = {
        "request_url": "https://app.demo.example/canaria",
        "response": f"{NAME} agreed",
        "client_ids": [str(client.pk)],
    }
    entry_id = api.post("/nucleus/v1/audit_log", entry).data["id"]
    accounts = AccountLink.unscoped.values_list("vendor_account_id", flat=True)
    canaries = [NAME, "canaria", user_guid, member, *accounts]
    stored = all_rows()
    assert [canary for canary in canaries if canary not in stored] == []
    assert WebhookDelivery.unscoped.exists()
    return canaries + numbers, entry_id  # numbers are encrypted


def test_nothing_about_an_erased_client_is_left(
    api: Api, mx: Sandbox, nucleus_client: Client, application: Application, user_guid: str
):
    other_client = ClientFactory(tenant=nucleus_client.tenant, first_name="Other")
    kept = TransactionFactory(aggregation_account=AggregationAccountFactory(client=other_client))
    access_token(application, client=nucleus_client)
    canaries, entry_id = leave_traces(api, mx, nucleus_client, user_guid)
    rows = AggregationAccountTransaction.unscoped.filter(tenant=nucleus_client.tenant)
    count = rows.exclude(pk=kept.pk).count()
    assert count > 0

    erase(api, nucleus_client)
    assert api.get(url(nucleus_client)).data["is_active"] is False
    let_time_pass()

    stored = all_rows()
    assert [canary for canary in canaries if canary in stored] == []
    assert not is_at_mx(mx, user_guid)
    assert api.get(url(nucleus_client)).status_code == 404
    assert [row.pk for row in rows] == [kept.pk]
    assert not BankLink.unscoped.filter(client=nucleus_client.pk).exists()
    assert api.get(f"/nucleus/v1/audit_log/{entry_id}").data["response"] == "[erased]"

    record = Erasure.unscoped.get()
    assert (record.outcome, record.requested_by) == ("erased", application.name)
    assert record.counts["nucleus.AggregationAccountTransaction"] == count
    assert record.counts["access.AccessToken"] == 1
    query = {"nucleus_client_id": nucleus_client.pk, "event": "client_erased"}
    (row,) = api.get("/integration/v1/audit_log", **query).data["content"]
    assert row["is_request"] is False
    assert row["response"]["requested_by"] == application.name
    assert row["response"]["counts"] == record.counts
    assert "erase_client" not in repr(Job.objects.filter(state=JobState.DEAD).values())


def test_rows_that_stay_do_not_name_it(api: Api, application: Application, nucleus_client: Client):
    """Outcomes of bulk requests and owners of businesses: others' part of them stays."""
    other_client = ClientFactory(tenant=nucleus_client.tenant)

    def bulk(kind: str, items: list[Any], method: Any = api.post) -> tuple[str, list[str]]:
        path = f"/nucleus/v1/bulk/{kind}"
        status = f"/nucleus/v1/bulk/status/{method(path, items).data['id']}"
        return status, [item["id"] for item in api.get(status).data["success"]]

    both = (nucleus_client, other_client)
    names = [{"id": str(client.pk), "first_name": "New"} for client in both]
    outcomes = [
        bulk("client", names, api.put),
        bulk("bank_link", list(map(bodies.bank_link, both))),
    ]
    outcomes.append(bulk("aggregation_account", list(map(bodies.account, both))))
    accounts = [AggregationAccount.unscoped.get(pk=account_id) for account_id in outcomes[-1][1]]
    for kind in ("balance", "transaction", "holding"):
        items = [getattr(bodies, kind)(account) for account in accounts]
        outcomes.append(bulk(f"aggregation_account_{kind}", items))
    ids = [record_ids[0] for _, record_ids in outcomes]
    their_token = Api(access_token(application, client=other_client))
    refused = bodies.account(nucleus_client)  # the outcome says there is no such client
    bulk("aggregation_account", [refused], their_token.post)
    path = f"/nucleus/v1/aggregation_account_{kind}/{ids[-1]}"
    twice = [{"id": ids[-1], "secondary_id": "ours"}] * 2
    bulk(f"aggregation_account_{kind}", twice, api.put)
    owners = [{"client_id": str(client.pk), "role": "owner"} for client in both]
    business = {"legal_name": "Demo Bakery LLC", "ownership": owners}
    business_id = api.post("/nucleus/v1/business", business).data["id"]
    before = all_rows()
    assert [record_id for record_id in ids if record_id not in before] == []

    erase(api, nucleus_client)
    late = api.post("/nucleus/v1/aggregation_account_balance", bodies.balance(accounts[0]))
    assert late.status_code == 400
    assert api.post("/nucleus/v1/business", business).status_code == 400
    let_time_pass()
    assert api.get(path).status_code == 404
    after = all_rows(but=(Erasure, AuditLog))  # which say that it was erased
    assert [
        record_id for record_id in ids if record_id in after or record_id.replace("-", "") in after
    ] == []
    for status, (_, other_id) in outcomes:
        response = api.get(status).data
        assert [item["id"] for item in response["success"]] == ["[erased]", other_id]
        assert response["progress"]["succeeded"] == 2
    left = api.get(f"/nucleus/v1/business/{business_id}").data
    assert left["ownership"] == owners[1:]


def test_asked_twice_it_is_one_erasure_and_the_default_keeps_the_data(
    api: Api, foreign_api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    assert foreign_api.delete(url(nucleus_client), "?nucleus_data=delete").status_code == 404
    assert api.delete(url(nucleus_client), "?nucleus_data=some").status_code == 400
    assert api.delete(url(nucleus_client)).status_code == 204
    assert not Erasure.unscoped.exists()
    erase(api, nucleus_client)
    erase(api, nucleus_client)
    assert Job.objects.filter(kind="erase_client").count() == 1
    let_time_pass()
    assert Erasure.unscoped.get().counts["integrations.VendorUser"] == 1
    assert AuditLog.objects.filter(operation="client_erased").count() == 1


def test_nothing_new_begins_meanwhile(
    api: Api, mx: Sandbox, nucleus_client: Client, linked: list[dict[str, Any]], application: Any
):
    confined = Api(access_token(application, client=nucleus_client))
    assert confined.delete(url(nucleus_client), "?nucleus_data=delete").status_code == 403
    erase(api, nucleus_client)
    body = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
    account = linked[0]["id"]
    refused = [
        api.post("/integration/v1/user", body),
        api.post("/integration/v1/aggregation/account", body),
        api.post("/integration/v1/iav", body | {"vendor_request": {"member_id": "MBR-1"}}),
        api.get(f"/integration/v1/widget_link/{nucleus_client.pk}"),
        api.get(f"/integration/v1/aggregation/transaction/{account}"),
        api.get(f"/integration/v1/async/aggregation/account/{account}"),
        api.put(url(nucleus_client), {"is_active": True}),
    ]
    assert {response.status_code for response in refused} == {400, 404}
    assert [response.status_code for response in refused].count(404) == 1  # /async
    assert confined.get(url(nucleus_client)).status_code == 401


def test_staff_confirm_and_read_the_record(mx: Sandbox, nucleus_client: Client):
    staff = get_user_model().objects.create_user("staff", password="x" * 20, is_staff=True)
    StaffAccess.objects.create(user=staff, all_tenants=True)
    staff.user_permissions.add(*Permission.objects.filter(codename="view_client"))
    staff.user_permissions.add(*Permission.objects.filter(codename="view_erasure"))
    http = HttpClient()
    http.force_login(staff)
    body = {"action": "erase", "_selected_action": str(nucleus_client.pk)}
    screen = "/admin/nucleus/client/"
    http.post(screen, body | {"confirmed": "yes"})
    assert not Erasure.unscoped.exists()  # looking is not enough
    staff.user_permissions.add(*Permission.objects.filter(codename="delete_client"))
    confirmation = http.post(screen, body).content.decode()
    assert "cannot be undone" in confirmation
    assert nucleus_client.username in confirmation
    assert not Erasure.unscoped.exists()
    http.post(screen, body | {"confirmed": "yes"})
    let_time_pass()
    page = http.get("/admin/integrations/erasure/").content.decode()
    assert str(nucleus_client.pk) in page
    assert "staff: staff" in page


def test_the_command_begins_it_and_says_how_far_it_is(mx: Sandbox, nucleus_client: Client):
    def run() -> dict[str, Any]:
        out = StringIO()
        call_command("erase", "--client", str(nucleus_client.pk), stdout=out)
        return dict(json.loads(out.getvalue()))

    assert run()["outcome"] == "pending"
    let_time_pass()
    assert run()["outcome"] == "erased"
    with pytest.raises(CommandError, match="no client"):
        call_command("erase", "--client", "1b2ab3ef-32cd-4cb0-a5a7-8e7f1d1d1b31")
