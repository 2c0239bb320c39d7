"""Hydrogen's Nucleus SDK, unmodified: clients, and reading what the gateway stored."""

from __future__ import annotations

import nucleus_api
import pytest

from nucleus.models import Client
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    HoldingFactory,
    TransactionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_clients(nucleus_sdk: nucleus_api.ApiClient):
    clients = nucleus_api.ClientApi(nucleus_sdk)
    body = nucleus_api.Client(username="ada", client_type="consumer", first_name="Ada")
    created = clients.create_client_using_post(body)
    assert created.first_name == "Ada"
    assert clients.get_client_using_get(created.id).username == "ada"
    page = clients.get_client_all_using_get(ascending=True, order_by="username", page=0, size=10)
    assert [one.id for one in page.content] == [created.id]
    changed = clients.update_client_using_put({"first_name": "Augusta"}, created.id)
    assert (changed.first_name, changed.username) == ("Augusta", "ada")
    clients.delete_client_using_delete(created.id)
    assert clients.get_client_using_get(created.id).is_active is False


def test_reading_what_was_stored(nucleus_sdk: nucleus_api.ApiClient, nucleus_client: Client):
    account = AggregationAccountFactory(client=nucleus_client)
    rows = {
        "_balance": BalanceFactory(aggregation_account=account),
        "_transaction": TransactionFactory(aggregation_account=account),
        "_holding": HoldingFactory(aggregation_account=account),
    }
    link = BankLinkFactory(client=nucleus_client)
    api = nucleus_api.AggregationAccountApi(nucleus_sdk)
    for kind, row in {"": account, **rows}.items():
        by_id = getattr(api, f"get_aggregation_account{kind}_using_get")
        as_list = getattr(api, f"get_aggregation_account{kind}_all_using_get")
        assert by_id(str(row.pk)).id == str(row.pk)
        page = as_list(filter=f"id=={row.pk}")
        assert [one.id for one in page.content] == [str(row.pk)]
        assert page.total_elements == 1
    transaction = api.get_aggregation_account_transaction_using_get(str(rows["_transaction"].pk))
    assert transaction.bank_credit.amount == float(rows["_transaction"].amount)
    assert transaction.cash is None
    funding = nucleus_api.FundingApi(nucleus_sdk)
    found = funding.get_bank_link_using_get(str(link.pk))
    assert found.bank_account_number == link.bank_account_number
    assert [one.id for one in funding.get_bank_link_all_using_get().content] == [str(link.pk)]
