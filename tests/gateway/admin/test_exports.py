"""Lists as CSV files: who may have them, which rows and values they hold, and what is recorded."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client as HttpClient

from nucleus.admin.exports import ExportingAdmin
from nucleus.admin.secret_columns import secret_names
from nucleus.models import AggregationAccount, AggregationAccountTransaction, StaffAction, Tenant
from tests.factories.nucleus import (
    AggregationAccountFactory,
    ClientFactory,
    TenantFactory,
    TransactionFactory,
)
from tests.gateway.admin.conftest import Staff
from tests.gateway.admin.rows import path_of, populate, row_of, screens

pytestmark = pytest.mark.django_db
TRANSACTIONS = path_of(AggregationAccountTransaction)
PERMISSIONS = ("nucleus.export_data", "nucleus.view_aggregationaccounttransaction")


def exported(http: HttpClient, path: str, query: str = "") -> list[dict[str, str]]:
    """The records of the file."""
    response: Any = http.post(f"{path}export/{query}")
    assert isinstance(response, StreamingHttpResponse), response.content
    assert response["Content-Type"].startswith("text/csv")
    assert "no-store" in response["Cache-Control"]
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    records = list(csv.DictReader(StringIO(content, newline="")))
    assert len(records) == int(response["X-Row-Count"])
    return records


def exporting() -> list[tuple[Any, ExportingAdmin]]:
    return [(model, screen) for model, screen in screens() if isinstance(screen, ExportingAdmin)]


def test_every_list_of_customers_and_their_data_is_exported(tenant: Tenant, superuser: HttpClient):
    canaries = populate(tenant)
    assert len(exporting()) == 7
    for model, screen in exporting():
        assert "export/" in superuser.get(path_of(model)).content.decode()
        page = superuser.get(path_of(model, "export/"))
        assert page.status_code == 200
        assert f"Export {model._meta.verbose_name_plural}" in page.content.decode()
        records = exported(superuser, path_of(model))
        assert str(row_of(model).pk) in {record["id"] for record in records}, model
        assert f"{len(records):,} row" in page.content.decode()
        names = [name for name, _ in screen.export_columns]
        assert list(records[0]) == names
        assert len(set(names)) == len(names)
        assert not set(names) & secret_names(model)
        assert not [value for row in records for value in row.values() if value in canaries]


def test_values_are_exact_and_nothing_is_calculated(superuser: HttpClient, tenant: Tenant):
    client = ClientFactory(tenant=tenant, username="=1+2")
    account: Any = AggregationAccountFactory(client=client, account_name="@SUM(A1)")
    row: Any = TransactionFactory(
        aggregation_account=account, amount=Decimal("1234.5"), transaction_type="Debit",
        description='-2+3 "said"\r\n,next', currency_code="USD",
    )  # fmt: skip
    [record] = exported(superuser, TRANSACTIONS)
    assert record["id"] == str(row.pk)
    assert Decimal(record["amount"]) == Decimal("-1234.5")  # a number, which may begin with a minus
    assert record["description"] == '\'-2+3 "said"\n,next'
    assert record["customer"] == "'=1+2"
    assert record["account"] == "'@SUM(A1)"
    assert record["time"].endswith("Z")
    assert record["is_active"] == "true"
    [of_account] = exported(superuser, path_of(AggregationAccount))
    assert len(of_account["mask"]) <= 4


def test_filters_search_and_order_are_those_of_the_list(superuser: HttpClient, tenant: Tenant):
    account: Any = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    TransactionFactory(aggregation_account=account, status="pending", description="Cinema")
    other: Any = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    TransactionFactory(aggregation_account=other, description="Coffee")
    everything = exported(superuser, TRANSACTIONS)
    shown = superuser.get(TRANSACTIONS).context["cl"].result_list
    assert [record["id"] for record in everything] == [str(row.pk) for row in shown]
    for query in (f"?account={account.pk}", "?status=pending", "?q=cine"):
        [record] = exported(superuser, TRANSACTIONS, query)
        assert record["description"] == "Cinema"
    assert superuser.post(f"{TRANSACTIONS}export/?password__startswith=a").status_code == 400


def test_it_needs_the_permission_and_is_recorded(staff: Staff, tenant: Tenant):
    TransactionFactory(
        aggregation_account=AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    )
    for few in ((), PERMISSIONS[:1], PERMISSIONS[1:]):
        http = staff(*few, name=f"with {len(few)} {few[:1]}", tenants=[tenant])
        assert http.get(f"{TRANSACTIONS}export/").status_code == 403
        assert http.post(f"{TRANSACTIONS}export/").status_code == 403
    assert "export/" not in http.get(TRANSACTIONS).content.decode()
    http = staff(*PERMISSIONS, name="exporter", tenants=[tenant])
    assert not StaffAction.objects.exists()
    http.get(f"{TRANSACTIONS}export/")
    assert not StaffAction.objects.exists()
    assert len(exported(http, TRANSACTIONS, "?status=posted&q=ada")) in (0, 1)
    [action] = StaffAction.objects.all()
    assert (action.kind, action.user.username) == ("export", "exporter")
    assert (action.tenant, action.object_id) == (tenant, "")
    assert "status=posted" in action.message
    assert "ada" not in action.message  # it may be personal
    enforced = HttpClient(enforce_csrf_checks=True)
    enforced.force_login(action.user)
    assert enforced.post(f"{TRANSACTIONS}export/").status_code == 403


def test_rows_of_other_tenants_are_left_out(staff: Staff, tenant: Tenant):
    other: Any = TenantFactory()
    for owner in (tenant, other):
        account: Any = AggregationAccountFactory(client=ClientFactory(tenant=owner))
        TransactionFactory(aggregation_account=account, description=owner.slug)
    http = staff(*PERMISSIONS, tenants=[tenant])
    [record] = exported(http, TRANSACTIONS)
    assert record["description"] == tenant.slug
    assert exported(http, TRANSACTIONS, f"?q={other.slug}") == []
    assert http.post(f"{TRANSACTIONS}export/?customer={account.client_id}").status_code == 404


def test_a_file_has_a_most_of_rows(superuser: HttpClient, tenant: Tenant, settings: Any):
    settings.EXPORT_MAX_ROWS = 2
    account: Any = AggregationAccountFactory(client=ClientFactory(tenant=tenant))
    TransactionFactory.create_batch(3, aggregation_account=account)
    assert "the first 2" in superuser.get(f"{TRANSACTIONS}export/").content.decode()
    assert len(exported(superuser, TRANSACTIONS)) == 2
