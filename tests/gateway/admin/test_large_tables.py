"""Lists of the admin of more rows than LIST_WINDOW: nothing reads the whole table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import AuditLog, InboundWebhook, Job, JobState, Member, VendorUser
from nucleus.models import Tenant
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory
from tests.gateway.admin.rows import screens

WINDOW, ROWS = 5, 9
CALLS, JOBS, CLIENTS = (
    "/admin/integrations/auditlog/",
    "/admin/integrations/job/",
    "/admin/nucleus/client/",
)


@pytest.fixture(autouse=True)
def small_window(settings: Any) -> None:
    settings.LIST_WINDOW = WINDOW


@pytest.fixture
def calls(tenant: Tenant) -> list[AuditLog]:
    """The newest first; the two oldest failed."""
    made = []
    for number in range(ROWS):
        row = AuditLog.objects.create(
            tenant=tenant, vendor="mx", operation="old" if number < 2 else "list_members",
            method="GET", path_template="/users", status=500 if number < 2 else 200,
            duration_ms=1, request_id=f"request-{number}",
        )  # fmt: skip
        moment = timezone.now() - timedelta(hours=ROWS - number)
        AuditLog.objects.filter(pk=row.pk).update(create_date=moment, update_date=moment)
        made.append(row)
    return made[::-1]


def shown(http: HttpClient, path: str, **query: Any) -> list[Any]:
    response = http.get(path, query)
    assert response.status_code == 200, response.content[:500]
    return [row.pk for row in response.context["cl"].result_list]


def test_rows_are_counted_up_to_the_window(superuser: HttpClient, calls: list[AuditLog]):
    response: Any = superuser.get(CALLS)
    assert response.context["cl"].result_count == WINDOW
    assert "operation=old" not in response.content.decode()  # nor is it offered as a filter


def test_filters_look_at_the_newest_rows_and_say_so(superuser: HttpClient, calls: list[AuditLog]):
    assert shown(superuser, CALLS, status="500") == []
    assert (
        "only the newest 5 were filtered"
        in superuser.get(CALLS, {"status": "200"}).content.decode()
    )
    assert shown(superuser, CALLS, status="200") == [row.pk for row in calls[:WINDOW]]


def test_search_matches_substrings_in_new_rows_and_exact_values_in_all(
    superuser: HttpClient, calls: list[AuditLog], tenant: Tenant
):
    newest = [row.pk for row in calls[:WINDOW]]
    assert shown(superuser, CALLS, q="request-") == newest
    assert shown(superuser, CALLS, q="request-0") == [calls[-1].pk]
    clients: list[Any] = [ClientFactory(tenant=tenant, username=f"ada-{n}") for n in range(ROWS)]
    for client in (clients[0], clients[-1]):
        assert shown(superuser, CLIENTS, q=client.username) == [client.pk]
        assert shown(superuser, CLIENTS, q=str(client.pk)) == [client.pk]
    accounts: list[Any] = [AggregationAccountFactory(client=client) for client in clients]
    path = "/admin/nucleus/aggregationaccount/"
    assert shown(superuser, path, q="ada-0") == [accounts[0].pk]


def test_search_connections_by_vendor_ids(superuser: HttpClient, tenant: Tenant):
    client: Any = ClientFactory(tenant=tenant)
    user = VendorUser.unscoped.create(
        tenant=tenant, client=client, vendor="mx", identifier="x", vendor_user_id="USR-1"
    )
    members = [
        Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id=f"MBR-{number}")
        for number in range(ROWS)
    ]
    for member in members:
        path = "/admin/integrations/member/"
        assert shown(superuser, path, q=member.vendor_member_id) == [member.pk]


def test_few_rows_are_searched_completely(superuser: HttpClient, tenant: Tenant):
    ada: Any = ClientFactory(tenant=tenant, username="ada", last_name="Lovelace")
    assert shown(superuser, CLIENTS, q="lovela") == [ada.pk]


def test_dead_jobs_are_all_listed(superuser: HttpClient, tenant: Tenant):
    dead: Any = JobFactory(tenant=tenant, state=JobState.DEAD)
    old = timezone.now() - timedelta(days=1)
    Job.objects.filter(pk=dead.pk).update(create_date=old)
    for _ in range(ROWS):
        JobFactory(tenant=tenant, state=JobState.DONE)
    if connection.vendor == "postgresql":  # SQLite cannot use the index of dead jobs
        assert shown(superuser, JOBS, state="dead") == [dead.pk]


@pytest.mark.parametrize("model", [AuditLog, InboundWebhook, Job])
def test_an_index_has_the_newest_rows_of_a_screen(superuser: HttpClient, model: Any):
    (path,) = [
        f"/admin/{m._meta.label_lower.replace('.', '/')}/" for m, _ in screens() if m is model
    ]
    with CaptureQueriesContext(connection) as queries:
        assert superuser.get(path).status_code == 200
    ordered = [
        query["sql"]
        for query in queries
        if f'FROM "{model._meta.db_table}"' in query["sql"] and '"create_date" DESC' in query["sql"]
    ]
    assert ordered
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        for statement in ordered:
            cursor.execute(f"{explain} {statement}")
            plan = str(cursor.fetchall())
            assert f"Seq Scan on {model._meta.db_table}" not in plan, plan
            assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
