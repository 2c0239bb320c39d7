"""/possible_duplicate: list and dismiss; what a merge does to them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.gateway.integration_api.test_account_merges import (
    DUPLICATES,
    MERGES,
    account,
    duplicate_of,
    merge,
)

pytestmark = pytest.mark.django_db


def test_possible_duplicates_are_listed_filtered_and_dismissed(
    api: Api, nucleus_client: Client, kept: AggregationAccount, merged: AggregationAccount
):
    duplicate = duplicate_of(merged, kept)
    (row,) = api.get(DUPLICATES, cursor="start").data["content"]
    assert row["nucleus_aggregation_account_id"] == str(merged.pk)
    assert row["other_nucleus_aggregation_account_id"] == str(kept.pk)
    assert (row["state"], row["reason"]) == ("open", "Same number.")
    assert api.get(f"{DUPLICATES}/{duplicate.pk}").data == row
    assert api.get(DUPLICATES, state="open").data["content"] == [row]
    assert api.get(DUPLICATES, state="dismissed").data["content"] == []
    assert api.get(DUPLICATES, state="nonsense").status_code == 400
    assert api.get(DUPLICATES, nucleus_client_id=str(nucleus_client.pk)).data["content"] == [row]
    assert api.get(DUPLICATES, nucleus_business_id=str(uuid4())).data["content"] == []
    for _ in range(2):
        dismissed = api.post(f"{DUPLICATES}/{duplicate.pk}/dismiss")
        assert (dismissed.status_code, dismissed.data["state"]) == (200, "dismissed")


def test_a_merge_settles_possible_duplicates_and_undoing_it_opens_them(
    api: Api, nucleus_client: Client, kept: AggregationAccount, merged: AggregationAccount
):
    third = account(nucleus_client)
    pair, other = duplicate_of(merged, kept), duplicate_of(third, merged)
    merge_id = merge(api, kept.pk, merged.pk).data["id"]
    states = {row["id"]: row["state"] for row in api.get(DUPLICATES).data["content"]}
    assert states.pop(str(pair.pk)) == states.pop(str(other.pk)) == "merged"
    (created_id,) = states  # the third account may now be the kept one
    created = api.get(f"{DUPLICATES}/{created_id}").data
    assert created["other_nucleus_aggregation_account_id"] == str(kept.pk)
    assert created["state"] == "open"
    refused = api.post(f"{DUPLICATES}/{pair.pk}/dismiss")
    assert (refused.status_code, refused.data["code"]) == (409, "conflict")
    api.delete(f"{MERGES}/{merge_id}")
    states = {row["id"]: row["state"] for row in api.get(DUPLICATES).data["content"]}
    assert states == {str(pair.pk): "open", str(other.pk): "open"}
