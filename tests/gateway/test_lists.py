"""Lists of every kind: as many queries for a full page as for one row, and bounded parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import (
    AccountMerge,
    AuditLog,
    Member,
    PossibleDuplicate,
    WebhookSubscription,
)
from nucleus import models
from nucleus.api.record_types import RECORD_TYPES
from nucleus.hydrogen import access_paths
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.factories import nucleus as factories
from tests.plans import assert_read_by_index

FULL = 25
ENTRIES = {
    "balance": factories.BalanceFactory,
    "transaction": factories.TransactionFactory,
    "holding": factories.HoldingFactory,
}


@pytest.fixture
def make(tenant: Tenant, nucleus_client: Client) -> dict[str, Callable[[int], Any]]:
    """A new row for each list, by its path."""
    account = factories.AggregationAccountFactory(client=nucleus_client)
    hook = {"tenant": tenant, "url": "https://app.demo.example/", "is_active": False}
    apis = WebhookSubscription.Api
    call = {"method": "GET", "path_template": "/x", "status": 200, "duration_ms": 1}
    entries = {
        f"/nucleus/v1/aggregation_account_{name}": lambda n, factory=factory: factory(
            aggregation_account=account
        )
        for name, factory in ENTRIES.items()
    }
    special_factories: dict[str, Callable[[int], Any]] = {
        "/nucleus/v1/client": lambda n: factories.ClientFactory(
            tenant=tenant, business=factories.BusinessFactory(tenant=tenant)
        ),
        "/nucleus/v1/business": lambda n: factories.BusinessFactory(tenant=tenant),
        "/nucleus/v1/aggregation_account": lambda n: factories.AggregationAccountFactory(
            client=nucleus_client, bank_link=factories.BankLinkFactory(client=nucleus_client)
        ),
        "/nucleus/v1/bank_link": lambda n: factories.BankLinkFactory(client=nucleus_client),
        "/nucleus/v1/resource/institution": lambda n: models.Institution.objects.create(
            tenant=tenant, name="Savings", code=f"code {n}"
        ),
        "/nucleus/v1/resource/merchant": lambda n: factories.TransactionFactory(
            aggregation_account=account, merchant_id=factories.MerchantFactory().pk
        ),
        "/nucleus/v1/audit_log": lambda n: models.AuditLog.unscoped.create(
            tenant=tenant, request_url="x", response="y"
        ),
        "/nucleus/v1/webhook": lambda n: WebhookSubscription.unscoped.create(
            api=apis.NUCLEUS, **hook
        ),
        "/integration/v1/webhook": lambda n: WebhookSubscription.unscoped.create(
            api=apis.INTEGRATION, **hook
        ),
        "/integration/v1/audit_log": lambda n: AuditLog.objects.create(
            tenant=tenant, vendor="mx", operation="x", client_id=nucleus_client.pk, **call
        ),
    }
    return special_factories | entries


def test_a_full_page_takes_no_more_queries(api: Api, make: dict[str, Callable[[int], Any]]):
    for path, create in make.items():
        counts = []
        for rows in (range(1), range(1, FULL)):
            for number in rows:
                create(number)
            with CaptureQueriesContext(connection) as queries:
                response = api.get(path)
            counts.append(len(queries))
        assert response.data["number_of_elements"] == FULL, path
        assert counts[0] == counts[1], path


@pytest.mark.parametrize("query", [{}, {"cursor": "start"}, {"ascending": "true"}], ids=str)
def test_an_index_has_the_rows_in_their_order(
    api: Api, make: dict[str, Callable[[int], Any]], query: dict[str, str]
):
    for path, create in make.items():
        row = create(0)
        model = models.Merchant if path.endswith("/merchant") else type(row)
        if model is models.Institution and connection.vendor == "sqlite":
            continue  # which sorts the shared ones and the tenant's own together
        with CaptureQueriesContext(connection) as queries:
            assert api.get(path, **query).status_code == 200, path
        assert_read_by_index(queries, model)


def test_parameters_without_end_are_a_mistake_of_the_caller(api: Api):
    query = {f"name{n}": "x" for n in range(1001)}
    response = api.get("/nucleus/v1/client", **query)
    assert (response.status_code, response.data["code"]) == (400, "invalid_request")
    assert "parameters" in response.data["message"]


@pytest.mark.parametrize(
    "model",
    [
        *(record_type.model for record_type in RECORD_TYPES), models.Client, models.Business,
        models.AuditLog, AuditLog, Member, PossibleDuplicate, AccountMerge, WebhookSubscription,
    ],
)  # fmt: skip
def test_an_index_has_the_default_orders_of_every_list(model: Any):
    names = ("create_date", "update_date")  # with a cursor, and without
    assert access_paths.orders(model, names) == list(names)


def test_a_detail_request_makes_at_most_three_queries(
    api: Api, make: dict[str, Callable[[int], Any]]
):
    """The token with all that it leads to, the count of the request, and the row."""
    path = "/nucleus/v1/aggregation_account_transaction"
    row = make[path](0)
    with CaptureQueriesContext(connection) as queries:
        response = api.get(f"{path}/{row.pk}")
    assert response.data["id"] == str(row.pk)
    statements = [query["sql"] for query in queries if "PRAGMA" not in query["sql"]]
    assert len(statements) <= 3  # fewer with Redis
    assert "client_secret" not in statements[0]
