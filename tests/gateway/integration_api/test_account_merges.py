"""/account_merge: what is merged, what is refused, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from gateway.access.models import Application
from integrations.models import AccountMerge, PossibleDuplicate
from nucleus.models import AggregationAccount, AggregationAccountTransaction, Client, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BusinessFactory,
    ClientFactory,
    TransactionFactory,
)

MERGES = "/integration/v1/account_merge"
DUPLICATES = "/integration/v1/possible_duplicate"
pytestmark = pytest.mark.django_db


def account(client: Client, **columns: Any) -> AggregationAccount:
    row: Any = AggregationAccountFactory(client=client, **columns)
    return row


def merge(api: Api, kept: Any, merged: Any) -> Any:
    body = {"kept_aggregation_account_id": kept, "merged_aggregation_account_id": merged}
    return api.post(MERGES, body)


def duplicate_of(later: AggregationAccount, earlier: AggregationAccount) -> PossibleDuplicate:
    return PossibleDuplicate.unscoped.create(
        tenant=later.tenant, aggregation_account=later, other_account=earlier, reason="Same number."
    )


def test_a_merge_is_created_read_listed_and_undone(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    TransactionFactory(aggregation_account=merged)
    response = merge(api, kept.pk, merged.pk)
    assert response.status_code == 200, response.data
    row = response.data
    assert row["kept_aggregation_account_id"] == str(kept.pk)
    assert row["merged_aggregation_account_id"] == str(merged.pk)
    assert row["nucleus_client_id"] == str(kept.client_id)
    assert (row["moved_transactions"], row["undone_date"]) == (1, None)
    assert api.get(f"{MERGES}/{row['id']}").data == row
    assert api.get(MERGES, nucleus_client_id=str(kept.client_id)).data["content"] == [row]
    assert api.get(MERGES, nucleus_client_id=str(uuid4())).data["content"] == []
    shown = api.get(f"/nucleus/v1/aggregation_account/{merged.pk}").data
    assert (shown["merged_into_id"], shown["is_active"]) == (str(kept.pk), False)
    assert api.get(f"/nucleus/v1/aggregation_account/{kept.pk}").data["merged_into_id"] is None
    for _ in range(2):  # repeating it is no error
        assert api.delete(f"{MERGES}/{row['id']}").status_code == 204
    assert api.get(f"{MERGES}/{row['id']}").data["undone_date"]
    shown = api.get(f"/nucleus/v1/aggregation_account/{merged.pk}").data
    assert (shown["merged_into_id"], shown["is_active"]) == (None, True)
    assert AggregationAccountTransaction.unscoped.get().aggregation_account_id == merged.pk
    assert merge(api, kept.pk, merged.pk).status_code == 200


def test_a_merge_has_the_name_of_the_application(
    api: Api, application: Application, kept: AggregationAccount, merged: AggregationAccount
):
    merge(api, kept.pk, merged.pk)
    assert AccountMerge.unscoped.get().requested_by == application.name


def test_an_account_is_not_merged_into_itself(api: Api, kept: AggregationAccount):
    refused = merge(api, kept.pk, kept.pk)
    assert refused.status_code == 400
    assert "two different accounts" in refused.data["message"]


def test_accounts_of_other_tenants_and_unknown_ones_are_not_there(
    api: Api, foreign_api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    assert merge(foreign_api, kept.pk, merged.pk).status_code == 404
    assert merge(api, kept.pk, uuid4()).status_code == 404
    assert merge(api, "x", merged.pk).status_code == 400
    assert api.post(MERGES, {"kept_aggregation_account_id": kept.pk}).status_code == 400
    assert not AccountMerge.unscoped.exists()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"currency_code": "EUR"}, "different currencies"),
        ({"currency_code": None}, "different currencies"),
        ({"is_asset": False}, "debt"),
    ],
)
def test_accounts_that_differ_in_kind_are_refused(
    api: Api,
    nucleus_client: Client,
    kept: AggregationAccount,
    columns: dict[str, Any],
    message: str,
):
    refused = merge(api, kept.pk, account(nucleus_client, **columns).pk)
    assert refused.status_code == 400
    assert message in refused.data["message"]


def test_accounts_of_different_owners_are_refused(
    api: Api, tenant: Tenant, kept: AggregationAccount
):
    other: Any = ClientFactory(tenant=tenant)
    business: Any = BusinessFactory(tenant=tenant)
    others: list[Any] = [
        account(other),
        AggregationAccountFactory(client=None, business=business, tenant=tenant),
    ]
    for row in others:
        refused = merge(api, kept.pk, row.pk)
        assert refused.status_code == 400
        assert "different owners" in refused.data["message"]


def test_accounts_of_a_business_are_merged(api: Api, tenant: Tenant):
    business: Any = BusinessFactory(tenant=tenant)
    columns = {"client": None, "business": business, "tenant": tenant}
    accounts: list[Any] = [AggregationAccountFactory(**columns) for _ in range(2)]
    response = merge(api, accounts[0].pk, accounts[1].pk)
    assert response.status_code == 200, response.data
    assert response.data["nucleus_business_id"] == str(business.pk)
    listed = api.get(MERGES, nucleus_business_id=str(business.pk)).data["content"]
    assert [row["id"] for row in listed] == [response.data["id"]]


def test_merged_accounts_are_not_merged_again(
    api: Api, nucleus_client: Client, kept: AggregationAccount, merged: AggregationAccount
):
    third = account(nucleus_client)
    assert merge(api, kept.pk, merged.pk).status_code == 200
    for pair in ((kept, merged), (third, merged), (merged, third), (third, kept)):
        refused = merge(api, pair[0].pk, pair[1].pk)
        assert (refused.status_code, refused.data["code"]) == (409, "conflict")
        assert refused.data["message"]
    assert merge(api, kept.pk, third.pk).status_code == 200  # several into one


def test_merges_into_one_account_are_undone_in_reverse_order(
    api: Api, nucleus_client: Client, kept: AggregationAccount, merged: AggregationAccount
):
    first = merge(api, kept.pk, merged.pk).data["id"]
    second = merge(api, kept.pk, account(nucleus_client).pk).data["id"]
    refused = api.delete(f"{MERGES}/{first}")
    assert refused.status_code == 409
    assert second in refused.data["message"]
    for merge_id in (second, first):
        assert api.delete(f"{MERGES}/{merge_id}").status_code == 204


def test_a_manual_account_does_not_replace_that_of_a_vendor(
    api: Api, nucleus_client: Client, kept: AggregationAccount
):
    manual = account(nucleus_client, is_manual=True)
    refused = merge(api, manual.pk, kept.pk)
    assert (refused.status_code, refused.data["code"]) == (400, "invalid_request")
    assert "exchange" in refused.data["message"]
    assert merge(api, kept.pk, manual.pk).status_code == 200


def test_accounts_of_a_client_that_is_being_erased_are_refused(
    api: Api, nucleus_client: Client, kept: AggregationAccount, merged: AggregationAccount
):
    Client.unscoped.filter(pk=nucleus_client.pk).update(erase_requested_at=timezone.now())
    refused = merge(api, kept.pk, merged.pk)
    assert refused.status_code == 409
    assert "erased" in refused.data["message"]


def test_client_tokens_see_their_own_and_change_nothing(
    application: Application,
    tenant: Tenant,
    kept: AggregationAccount,
    merged: AggregationAccount,
    nucleus_client: Client,
):
    own = Api(access_token(application, client=nucleus_client))
    other = Api(access_token(application, client=ClientFactory(tenant=tenant)))
    duplicate = duplicate_of(merged, kept)
    assert merge(own, kept.pk, merged.pk).status_code == 403
    assert merge(other, kept.pk, merged.pk).status_code == 404
    assert own.post(f"{DUPLICATES}/{duplicate.pk}/dismiss").status_code == 403
    merge_id = merge(Api(access_token(application)), kept.pk, merged.pk).data["id"]
    assert own.delete(f"{MERGES}/{merge_id}").status_code == 403
    assert own.get(f"{MERGES}/{merge_id}").status_code == 200
    assert other.get(f"{MERGES}/{merge_id}").status_code == 404
    for path in (MERGES, DUPLICATES):
        assert own.get(path).data["total_elements"] == 1
        assert other.get(path).data["total_elements"] == 0


def test_an_idempotency_key_repeats_the_answer(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    api.headers["Idempotency-Key"] = "merge-1"
    first, second = (merge(api, kept.pk, merged.pk) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data


def test_equal_transactions_exist_once_and_all_others_move(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    for _ in range(2):
        TransactionFactory(aggregation_account=kept, description="Coffee")
    for _ in range(3):  # one more of them, at another time of the same day
        TransactionFactory(aggregation_account=merged, description="Coffee", transaction_date=noon)
    different: list[dict[str, Any]] = [
        {"description": "Tea"},
        {"amount": 3},
        {"transaction_type": "Credit"},
        {"currency_code": "EUR"},
        {"transaction_date": datetime(2026, 1, 3, tzinfo=UTC)},
        {"amount": None, "cash": {"amount": "5", "transaction_type": "fee"}},
        {"status": "canceled", "is_active": False},
    ]
    for columns in different:
        row = {"description": "Coffee"} | columns
        TransactionFactory(aggregation_account=merged, **row)
    before = list(AggregationAccountTransaction.unscoped.order_by("pk").values_list("pk"))
    response = merge(api, kept.pk, merged.pk)
    assert response.data["moved_transactions"] == 1 + len(different)
    rows = AggregationAccountTransaction.unscoped
    assert list(rows.order_by("pk").values_list("pk")) == before
    assert rows.filter(aggregation_account=kept).count() == 3 + len(different)
    assert rows.filter(aggregation_account=kept, description="Coffee", is_active=True).count() == 8
    assert list(rows.filter(aggregation_account=merged).values_list("is_active")) == [(False,)] * 2
    api.delete(f"{MERGES}/{response.data['id']}")
    assert rows.filter(aggregation_account=kept, is_active=True).count() == 2
    assert rows.filter(aggregation_account=merged, is_active=True).count() == 2 + len(different)


def test_deleting_the_kept_account_deletes_the_merged_one(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    TransactionFactory(aggregation_account=merged)
    merge(api, kept.pk, merged.pk)
    assert api.delete(f"/nucleus/v1/aggregation_account/{kept.pk}").status_code == 204
    assert not AggregationAccount.unscoped.exists()
    assert not AccountMerge.unscoped.exists()


def test_deleting_the_merged_account_leaves_the_kept_one_whole(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    TransactionFactory(aggregation_account=merged)
    merge(api, kept.pk, merged.pk)
    assert api.delete(f"/nucleus/v1/aggregation_account/{merged.pk}").status_code == 204
    assert AggregationAccountTransaction.unscoped.get().aggregation_account_id == kept.pk
    assert not AccountMerge.unscoped.exists()


def test_a_merged_account_is_not_activated_by_hand(
    api: Api, kept: AggregationAccount, merged: AggregationAccount
):
    merge(api, kept.pk, merged.pk)
    path = f"/nucleus/v1/aggregation_account/{merged.pk}"
    refused = api.put(path, {"is_active": True})
    assert refused.status_code == 400
    assert str(kept.pk) in refused.data["message"] + str(refused.data.get("errors"))
    assert api.put(path, {"is_active": False, "secondary_id": "x"}).status_code == 200
