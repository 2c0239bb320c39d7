"""The record of what staff did."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as HttpClient

from integrations.models import Job, JobState, VendorCredential
from nucleus.models import Client, StaffAction, Tenant
from nucleus.writes.erasure import REDACTED, delete_client
from nucleus.writes.staff import record_action
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of
from tests.gateway.admin.test_entries import CREDENTIAL

SCREEN = path_of(StaffAction)


def entries(http: HttpClient, **query: str) -> list[StaffAction]:
    response = http.get(SCREEN, query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_a_change_is_recorded_from_and_to_without_secrets(superuser: HttpClient, tenant: Tenant):
    path = path_of(VendorCredential, "add/")
    body = CREDENTIAL | {"tenant": tenant.pk, "secret": "first-canary"}
    assert superuser.post(path, body).status_code == 302
    row = VendorCredential.unscoped.get()
    change = body | {"client_id": "other", "secret": "second-canary"}
    path = path_of(VendorCredential, f"{row.pk}/change/")
    assert superuser.post(path, change).status_code == 302
    changed, added = entries(superuser)
    assert (added.kind, added.changes) == ("add", [])
    assert (changed.kind, changed.tenant, changed.user.username) == ("change", tenant, "root")
    assert ["id", "other"] in [entry[1:] for entry in changed.changes]
    assert ["not shown", "changed"] in [entry[1:] for entry in changed.changes]
    page = superuser.get(SCREEN).content.decode()
    assert "canary" not in page + repr(list(StaffAction.objects.values()))
    assert "id → other" in page
    assert f"{changed.create_date:%Y-%m-%d %H:%M:%S} UTC" in page
    assert path in page


def test_a_password_of_a_colleague_is_only_said_to_have_changed(
    superuser: HttpClient, staff: Staff
):
    staff(name="other")
    other = User.objects.get(username="other")
    body = {"password1": "canary 2718 long", "password2": "canary 2718 long"}
    path = path_of(User, f"{other.pk}/password/")
    assert superuser.post(path, body | {"usable_password": "true"}).status_code == 302
    entry = StaffAction.objects.get(object_id=str(other.pk))
    assert entry.changes == [["Password", "not shown", "changed"]]


def test_actions_and_log_ins_are_recorded(superuser: HttpClient, tenant: Tenant):
    job: Any = JobFactory(tenant=tenant, state=JobState.DEAD)
    body = {"action": "requeue_jobs", "_selected_action": str(job.pk), "confirmed": "yes"}
    superuser.post(path_of(Job), body)
    User.objects.create_superuser("ada", password="right 31415 926")
    for password in ("wrong", "right 31415 926"):
        HttpClient().post("/admin/login/", {"username": "ada", "password": password})
    logged_in, failed, requeued = entries(superuser)
    assert (requeued.kind, requeued.tenant, requeued.message) == ("action", tenant, "Requeued.")
    assert [entry.kind for entry in (failed, logged_in)] == ["log_in", "log_in"]
    assert failed.message.startswith("Log-in failed from ")
    assert entries(superuser, kind__exact="action") == [requeued]
    ada = User.objects.get(username="ada")
    assert entries(superuser, user__id__exact=str(ada.pk)) == [logged_in, failed]


def test_staff_see_entries_of_their_tenants_and_their_own(staff: Staff, tenant: Tenant):
    other: Any = TenantFactory(name="Elsewhere")
    http = staff("nucleus.view_staffaction", tenants=[tenant])
    viewer, root = User.objects.get(username="viewer"), User.objects.create(username="root")
    own = record_action(viewer, viewer, "Logged in", kind="log_in", tenant=None)
    record_action(root, root, "Logged in", kind="log_in", tenant=None)
    record_action(root, other, "Changed elsewhere", kind="change", tenant=other)
    of_tenant = record_action(root, tenant, "Changed here", kind="change", tenant=tenant)
    assert entries(http) == [of_tenant, own]
    assert "lsewhere" not in http.get(SCREEN).content.decode()


def test_entries_cannot_be_changed_or_deleted(superuser: HttpClient):
    root = User.objects.get(username="root")
    entry = record_action(root, root, "Logged in", kind="log_in", tenant=None)
    for page in ("change", "delete"):
        path = f"{SCREEN}{entry.pk}/{page}/"
        assert superuser.post(path, {"post": "yes", "message": "x"}).status_code == 403
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert StaffAction.objects.get().message == "Logged in"


def test_an_erasure_leaves_no_name(superuser: HttpClient, tenant: Tenant):
    root = User.objects.get(username="root")
    ada: Any = ClientFactory(tenant=tenant, first_name="Ada", last_name="Lovelace")
    record_action(root, ada, "Requested the erasure.", kind="action", tenant=tenant)
    delete_client(tenant_id=tenant.pk, client_id=ada.pk)
    assert not Client.unscoped.exists()
    assert StaffAction.objects.get().object_name == REDACTED
