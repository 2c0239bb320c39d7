"""A category follows its source until the tenant chooses another."""

from __future__ import annotations

from uuid import UUID

import pytest

from nucleus import categories, writes
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Tenant
from tests.api import Api
from tests.factories.nucleus import AggregationAccountFactory, ClientFactory
from tests.nucleus.rows import LATER, transaction_row

pytestmark = pytest.mark.django_db
GROCERIES, RESTAURANTS, GYM = (
    categories.transaction_category_id(category=None, subcategory=name)
    for name in ("Groceries", "Restaurants", "Gym")
)


@pytest.fixture
def account(tenant: Tenant) -> AggregationAccount:
    return AggregationAccountFactory(client=ClientFactory(tenant=tenant))


def pull(account: AggregationAccount, category_id: UUID | None) -> tuple[int, UUID | None]:
    """How many rows were written, and the category that the transaction has then."""
    newer = transaction_row(source_category_id=category_id, source_updated_at=LATER)
    written = writes.upsert_transactions(account=account, rows=[newer])
    return written, AggregationAccountTransaction.unscoped.get().transaction_category_id


def choose_category(api: Api, category_id: UUID | None) -> None:
    stored = AggregationAccountTransaction.unscoped.get()
    change = {"bank_credit": {"transaction_category_id": str(category_id)}}
    response = api.put(f"/nucleus/v1/aggregation_account_transaction/{stored.pk}", change)
    assert response.status_code == 200, response.data


def test_the_category_follows_the_source(account: AggregationAccount):
    assert pull(account, GROCERIES) == (1, GROCERIES)
    assert pull(account, GROCERIES) == (0, GROCERIES)
    assert pull(account, RESTAURANTS) == (1, RESTAURANTS)
    assert pull(account, None) == (1, None)
    assert pull(account, GROCERIES) == (1, GROCERIES)


def test_a_category_that_the_tenant_chose_stays(api: Api, account: AggregationAccount):
    pull(account, GROCERIES)
    choose_category(api, GYM)
    assert pull(account, GROCERIES) == (0, GYM)
    assert pull(account, RESTAURANTS) == (1, GYM)
    assert pull(account, None) == (1, GYM)
    assert pull(account, None) == (0, GYM)


def test_rows_without_a_category_get_one(api: Api, account: AggregationAccount):
    pull(account, None)
    assert pull(account, GROCERIES) == (1, GROCERIES)
    AggregationAccountTransaction.unscoped.update(source_category_id=None)
    choose_category(api, GYM)  # by the tenant, before the source said anything
    assert pull(account, GROCERIES) == (1, GYM)
