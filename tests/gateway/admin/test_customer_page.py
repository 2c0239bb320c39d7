"""The customer's page: the present state, its cause, and the buttons that mend it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.flows import (
    connection_state,
    connections,
    customer_time_line,
    outbound_webhooks,
    widget_links,
)
from integrations.models import (
    AccountMerge,
    AuditLog,
    Erasure,
    InboundWebhook,
    Job,
    JobState,
    Member,
    PossibleDuplicate,
    WebhookSubscription,
)
from nucleus.models import Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BusinessFactory,
    ClientFactory,
    TenantFactory,
)
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.customers import REFUSED, Customer

NUMBER = "100012345678"


def test_the_page_shows_the_customer_and_a_working_connection(
    customer: Customer, superuser: HttpClient
):
    text = customer.page(superuser)
    for part in (
        "Ada Lovelace", str(customer.ada.pk), "MX Bank", "1 connection without problem",
        "1,000.23 USD", "2026-01-02 03:04:05 UTC", "…5678", "USR-1", "not verified",
    ):  # fmt: skip
        assert part in text, part
    assert NUMBER not in text
    fields = superuser.get(f"{customer.path}fields/")
    assert fields.status_code == 200
    assert "Secondary id" in fields.content.decode()


def test_a_wrong_password_is_the_sentence_on_top(customer: Customer, superuser: HttpClient):
    Member.unscoped.update(**REFUSED)
    text = customer.page(superuser)
    assert "MX Bank: Waiting for its customer. The customer has to log in again" in text
    assert f"{customer.path}repair-link/{customer.member.pk}/" in text


def test_a_dead_job_is_the_cause_and_is_retried(customer: Customer, superuser: HttpClient):
    job = customer.dead_job()
    text = customer.page(superuser)
    assert "MX Bank: Our job is dead" in text
    assert "The vendor answered 500" in text
    question = customer.act(superuser, "retry", job, method="get").content.decode()
    assert "Yes, retry it" in question
    assert Job.objects.get().state == JobState.DEAD
    assert "requeued" in customer.act(superuser, "retry", job).content.decode()
    assert Job.objects.get().state == JobState.READY
    assert "Retried the job" in LogEntry.objects.get().change_message


def test_everything_that_happened_is_one_list(customer: Customer, superuser: HttpClient):
    tenant, ada = customer.ada.tenant, customer.ada
    customer.dead_job()
    InboundWebhook.objects.create(
        tenant=tenant, vendor="mx", kind="member.aggregated", vendor_user_id="USR-1",
        vendor_member_id="MBR-1", body="{}", digest="0", state="handled",
    )  # fmt: skip
    common = {"tenant": tenant, "vendor": "mx", "method": "GET", "path_template": "/x",
              "duration_ms": 1, "client_id": ada.pk}  # fmt: skip
    AuditLog.objects.create(operation="create_widget_url", status=200, **common)
    for error in ("", "", "vendor_unavailable"):
        AuditLog.objects.create(operation="list_accounts", request_id="r1", error=error, **common)
    WebhookSubscription(tenant=tenant, url="https://demo.example/", extended_events=[
        outbound_webhooks.CONNECTION_GONE]).save()  # fmt: skip
    outbound_webhooks.emit(
        tenant_id=tenant.pk, event=outbound_webhooks.CONNECTION_GONE, client_id=ada.pk, data={}
    )
    customer.act(superuser, "refresh", customer.member)
    text = customer.page(superuser)
    for part in (
        "A widget link was made", "MX Bank was created", "MX Bank was imported by the vendor",
        "connection aggregated about MX Bank was handled", "(MX Bank) has failed for good",
        "list accounts (3 times): 1 of 3 failed: vendor unavailable", "connection gone: waiting",
        "root: Refreshed MX Bank.",
        "Make the vendor read the bank, then read the connection (MX Bank) waits",
    ):  # fmt: skip
        assert part in text, part
    with CaptureQueriesContext(connection) as queries:
        customer.page(superuser)
    assert len(queries) <= 20, [query["sql"][:90] for query in queries]


def test_every_state_of_jobs_and_webhooks_has_words():
    assert customer_time_line.JOB_STATES.keys() == set(JobState)
    assert customer_time_line.WEBHOOK_STATES.keys() == set(InboundWebhook.State)


def test_the_time_line_has_pages(customer: Customer, superuser: HttpClient):
    for number in range(60):
        AuditLog.objects.create(
            tenant=customer.ada.tenant, vendor="mx", operation=f"o{number:02}", method="GET",
            path_template="/x", duration_ms=1, client_id=customer.ada.pk,
            request_id=str(number),
        )  # fmt: skip
    AuditLog.objects.update(create_date=timezone.now() + timedelta(seconds=5))
    pages = [customer.page(superuser, f"?page={number}") for number in (1, 2, 3)]
    assert "Older" in pages[0]
    assert "Newer" not in pages[0]
    assert "MX Bank was created" in pages[2]
    assert sum(page.count("Vendor call</a>") for page in pages) == 60
    for text in ("x", "0", "99999", "-1"):
        assert "What has happened" in customer.page(superuser, f"?page={text}")


def test_actions_are_done_once_confirmed_and_logged(customer: Customer, superuser: HttpClient):
    for action, kind in (("refresh", "refresh_member"), ("reread", "retrieve_account")):
        assert customer.act(superuser, action, customer.member, method="get").status_code == 200
        assert not Job.objects.filter(kind=kind).exists()
        assert customer.act(superuser, action, customer.member).status_code == 200
        assert Job.objects.filter(kind=kind).count() == 1
    assert LogEntry.objects.count() == 2


LINK = "https://widget.example/once-0123456789"


def test_a_repair_link_is_shown_once_and_logged_nowhere(
    customer: Customer,
    superuser: HttpClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    requests: list[Any] = []

    def create(**options: Any) -> widget_links.WidgetLink:
        requests.append(options)
        return widget_links.WidgetLink(url=LINK, vendor="mx")

    monkeypatch.setattr(widget_links, "create", create)
    question = customer.act(superuser, "repair-link", customer.member, method="get")
    assert LINK not in question.content.decode()
    assert not requests
    caplog.set_level("DEBUG")
    response = customer.act(superuser, "repair-link", customer.member)
    text = response.content.decode()
    assert f'value="{LINK}"' in text
    assert f"/integration/v1/widget_link/{customer.ada.pk}?member_id=MBR-1" in text
    assert "no-store" in response["Cache-Control"]
    assert (requests[0]["owner"], requests[0]["options"].member_id) == (customer.ada, "MBR-1")
    assert "Made a repair link for MX Bank" in LogEntry.objects.get().change_message
    later = customer.page(superuser) + caplog.text + repr(list(LogEntry.objects.values()))
    assert LINK not in later + repr(dict(superuser.session))


def test_a_failed_action_is_reported_and_logged(customer: Customer, superuser: HttpClient):
    Member.unscoped.update(connection_status=connection_state.MISSING)
    text = customer.act(superuser, "refresh", customer.member).content.decode()
    assert "The vendor no longer has this connection" in text
    assert "Refresh failed: MX Bank" in LogEntry.objects.get().change_message
    assert not Job.objects.exists()


def test_disconnecting_keeps_the_data(
    customer: Customer, superuser: HttpClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "delete_at_vendor", lambda member: None)
    text = customer.act(superuser, "disconnect", customer.member).content.decode()
    assert "is disconnected" in text
    assert not Member.unscoped.exists()
    assert "1,000.23 USD" in text
    assert "not connected" in text


def test_accounts_are_merged_and_separated(customer: Customer, superuser: HttpClient):
    later: Any = AggregationAccountFactory(client=customer.ada)
    pair = PossibleDuplicate.unscoped.create(
        tenant=customer.ada.tenant, aggregation_account=later, other_account=customer.account,
        reason="Same number.",
    )  # fmt: skip
    assert "Possibly the same account" in customer.page(superuser)
    customer.act(superuser, "merge", pair)
    row = AccountMerge.unscoped.get()
    assert (row.kept_account, row.requested_by) == (customer.account, "staff: root")
    assert "Separate…" in customer.page(superuser)
    customer.act(superuser, "separate", row)
    assert AccountMerge.unscoped.get().undone_at is not None


def test_a_customer_is_erased_once(customer: Customer, superuser: HttpClient):
    assert customer.act(superuser, "erase", customer.ada).status_code == 200
    assert Erasure.unscoped.get().requested_by == "staff: root"
    assert "is being erased" in customer.page(superuser)
    assert customer.act(superuser, "refresh", customer.member).status_code == 404


def test_a_viewer_sees_the_page_and_changes_nothing(customer: Customer, staff: Staff):
    job = customer.dead_job()
    models = ("integrations.view_member", "integrations.view_job", "nucleus.view_client")
    http = staff(*models)
    text = customer.page(http)
    assert "Our job is dead" in text
    assert "Balance" not in text, "this person may not see accounts"
    assert f"{customer.path}re" not in text
    for action, row in (
        ("refresh", customer.member), ("reread", customer.member), ("repair-link", customer.member),
        ("disconnect", customer.member), ("retry", job), ("erase", customer.ada),
        ("link", customer.ada),
    ):  # fmt: skip
        for method in ("get", "post"):
            assert customer.act(http, action, row, method=method).status_code == 403, action
    assert http.post(f"{customer.path}change/").status_code == 403
    assert not LogEntry.objects.exists()
    assert (
        staff("integrations.view_member", name="x").get(f"{customer.path}change/").status_code
        == 403
    )


def test_rows_of_others_are_not_found(customer: Customer, staff: Staff, superuser: HttpClient):
    grace: Any = ClientFactory(tenant=customer.ada.tenant, first_name="Grace")
    other = Customer(grace, customer.member, None)
    assert other.act(superuser, "refresh", customer.member).status_code == 404
    assert customer.act(superuser, "no-such-thing", customer.member).status_code == 404
    elsewhere: Any = TenantFactory()
    http = staff("nucleus.view_client", "integrations.change_member", tenants=[elsewhere])
    assert http.get(f"{customer.path}change/").status_code == 404
    assert http.get(f"{customer.path}fields/").status_code == 404
    assert customer.act(http, "refresh", customer.member).status_code == 404
    assert not Job.objects.exists()


def test_a_business_has_the_same_page(tenant: Tenant, superuser: HttpClient):
    firm: Any = BusinessFactory(tenant=tenant)
    text = superuser.get(f"/admin/nucleus/business/{firm.pk}/change/").content.decode()
    assert "No bank is linked" in text
    assert "Erase…" not in text
