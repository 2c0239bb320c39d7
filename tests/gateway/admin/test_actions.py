"""Actions of the admin ask for confirmation, need a permission, cover every row and are logged."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client as HttpClient

from gateway.access.models import Application
from integrations.models import (
    AccountLink,
    AccountMerge,
    Erasure,
    InboundWebhook,
    Job,
    JobState,
    Member,
    PossibleDuplicate,
    VendorCredential,
    WebhookDelivery,
)
from nucleus.admin.owners import MAX_ERASED
from nucleus.models import Client, Tenant
from tests.factories.access import ApplicationFactory
from tests.factories.integrations import JobFactory
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, row_of, screens
from tests.sandbox_process import Sandbox

SECRET = re.compile(r"client secret <code>([\w-]+)</code>")
APPLICATIONS = "/admin/access/application/"
CREDENTIALS = "/admin/integrations/vendorcredential/"
# model, action, permission that it needs beside the one to look
ACTIONS = [
    (Application, "rotate_secrets", "change"),
    (Job, "requeue_jobs", "change"),
    (Job, "cancel_jobs", "change"),
    (Member, "refresh", "change"),
    (AccountLink, "reread_history", "change"),
    (AccountLink, "accept_removals", "change"),
    (WebhookDelivery, "replay", "change"),
    (InboundWebhook, "handle_again", "change"),
    (Client, "erase", "delete"),
    (VendorCredential, "test_connections", "change"),
    (PossibleDuplicate, "merge_into_earlier", "change"),
    (PossibleDuplicate, "merge_into_later", "change"),
    (PossibleDuplicate, "dismiss", "change"),
    (AccountMerge, "undo", "change"),
    (User, "reset_second_factor", "change"),
    (User, "end_sessions", "change"),
]


def run(http: HttpClient, model: Any, action: str, *rows: Any, **more: str) -> Any:
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return http.post(path_of(model), body, follow=True)


def test_every_action_is_tested():
    tested = {(model, action) for model, action, _ in ACTIONS}
    for model, screen in screens():
        assert not screen.actions_list
        assert not screen.actions_detail, "these are links, and GET changes nothing"
        for action in screen.actions:
            assert (model, str(action)) in tested


@pytest.mark.parametrize(("model", "action", "right"), ACTIONS)
def test_an_action_asks_for_confirmation_and_is_logged(
    tenant: Tenant, staff: Staff, model: Any, action: str, right: str
):
    populate(tenant)
    row, name = row_of(model), f"{model._meta.app_label}.%s_{model._meta.model_name}"
    VendorCredential.unscoped.update(environment="custom", base_url="http://127.0.0.1:9")
    viewer = staff(name % "view", name="viewer")
    run(viewer, model, action, row, confirmed="yes")
    assert not LogEntry.objects.exists()
    http = staff(name % "view", name % right, name="operator")
    confirmation = run(http, model, action, row).content.decode()
    assert "No, take me back" in confirmation
    assert str(row.pk) in confirmation
    assert not LogEntry.objects.exists()
    assert run(http, model, action, row, confirmed="yes").status_code == 200
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("operator", str(row.pk))


@pytest.mark.parametrize(("model", "action", "right"), ACTIONS)
def test_an_action_needs_a_csrf_token(
    tenant: Tenant, superuser: HttpClient, model: Any, action: str, right: str
):
    populate(tenant)
    http = HttpClient(enforce_csrf_checks=True)
    http.cookies = superuser.cookies
    response = run(http, model, action, row_of(model), confirmed="yes")
    assert response.status_code == 403
    assert not LogEntry.objects.exists()


def test_secrets_are_new_for_every_row_shown_once_and_kept_nowhere(
    tenant: Tenant, superuser: HttpClient
):
    rows = [ApplicationFactory(tenant=tenant, name=f"app {number}") for number in range(12)]
    before = {row.pk: row.client_secret for row in rows}
    response = run(superuser, Application, "rotate_secrets", *rows, confirmed="yes")
    secrets = SECRET.findall(response.content.decode())
    assert len(set(secrets)) == 12
    assert "no-store" in response["Cache-Control"]
    for row in rows:
        row.refresh_from_db()
        assert row.client_secret != before[row.pk]
    later = superuser.get(APPLICATIONS).content.decode() + repr(list(LogEntry.objects.values()))
    later += repr(dict(superuser.session)) + str(superuser.cookies)
    assert not [secret for secret in secrets if secret in later]
    assert LogEntry.objects.count() == 12


def test_rows_beyond_the_limit_are_named(
    tenant: Tenant, superuser: HttpClient, monkeypatch: pytest.MonkeyPatch
):
    rows = [JobFactory(tenant=tenant, state=JobState.DEAD) for _ in range(501)]
    body = {"select_across": "1"}
    confirmation = run(superuser, Job, "requeue_jobs", rows[0], **body).content.decode()
    assert "1 more are selected and left out" in confirmation
    chosen = re.findall(r'name="_selected_action" value="([^"]+)"', confirmation)
    assert len(chosen) == 500
    page = run(superuser, Job, "requeue_jobs", rows[0], confirmed="yes", **body).content.decode()
    assert "1 more were selected and left out" in page
    assert Job.objects.filter(state=JobState.DEAD).count() == 1


def test_jobs_that_are_not_dead_are_named(tenant: Tenant, superuser: HttpClient):
    dead, done = JobFactory(state=JobState.DEAD), JobFactory(state=JobState.DONE)
    page = run(superuser, Job, "requeue_jobs", dead, done, confirmed="yes").content.decode()
    assert "1 jobs were requeued and run now" in page
    assert "1 skipped: neither dead nor waiting" in page


def test_erasing_is_recorded_with_its_requester(tenant: Tenant, superuser: HttpClient):
    populate(tenant)
    Erasure.unscoped.all().delete()
    run(superuser, Client, "erase", row_of(Client), confirmed="yes")
    assert Erasure.unscoped.get().requested_by == "staff: root"
    assert MAX_ERASED >= 100


def test_testing_a_connection(mx: Sandbox, staff: Staff):
    row = VendorCredential.unscoped.get()
    path = f"{CREDENTIALS}{row.pk}/test/"
    viewer = staff("integrations.view_vendorcredential", name="viewer")
    assert viewer.get(path).status_code == viewer.post(path).status_code == 403
    assert "Test connection" not in viewer.get(f"{CREDENTIALS}{row.pk}/change/").content.decode()
    http = staff("integrations.change_vendorcredential", name="operator")
    assert 'method="post"' in http.get(f"{CREDENTIALS}{row.pk}/change/").content.decode()
    confirmation = http.get(path)
    assert "Call the vendor" in confirmation.content.decode()
    assert not LogEntry.objects.exists()
    assert "MX accepts these keys" in http.post(path, follow=True).content.decode()
    assert "MX accepts these keys" in LogEntry.objects.get().change_message
    assert http.post(f"{CREDENTIALS}{row.tenant_id}/test/").status_code == 404


def test_a_new_application_shows_the_client_id_it_has(tenant: Tenant, superuser: HttpClient):
    adding = superuser.get(f"{APPLICATIONS}add/").content.decode()
    assert "Client id" not in adding
    body = {"tenant": tenant.pk, "name": "app", "scopes": "read", "is_active": "on"}
    response = superuser.post(f"{APPLICATIONS}add/", body, follow=True)
    row = Application.objects.get()
    assert row.client_id in response.content.decode()
    assert "client secret" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert row.client_id in superuser.get(f"{APPLICATIONS}{row.pk}/change/").content.decode()
