"""Failures during an erasure: in the end everything is deleted, here and at the vendor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import erasure, users
from integrations.flows.merchants import MerchantLookup
from integrations.jobs import runner
from integrations.models import Erasure, VendorCredential, VendorUser
from nucleus.models import AggregationAccountTransaction, Client
from tests.api import Api
from tests.integrations.flows.test_erasure import erase, is_at_mx, let_time_pass, url
from tests.sandbox_process import Sandbox


def test_mx_being_away_delays_only_its_own_part(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    mx.fault(method="DELETE", path="/users/*", kind="status", status=500, count=20)
    erase(api, nucleus_client)
    let_time_pass()
    record = Erasure.unscoped.get()
    assert record.erased_at is not None
    assert record.finished_at is None
    assert "vendor_unavailable" in record.problem
    assert [entry["vendor_user_id"] for entry in record.vendor_users] == [user_guid]
    assert is_at_mx(mx, user_guid)
    mx.heal()
    let_time_pass()
    record.refresh_from_db()
    assert (record.outcome, record.vendor_users, record.problem) == ("erased", [], "")
    assert not is_at_mx(mx, user_guid)


def test_without_keys_the_record_says_so_until_there_are_some(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    VendorUser.unscoped.update(vendor_user_id=None)  # created, and the answer never stored
    VendorCredential.unscoped.update(is_active=False)
    erase(api, nucleus_client)
    let_time_pass()
    assert api.get(url(nucleus_client)).status_code == 404
    assert "No active MX credentials" in Erasure.unscoped.get().problem
    VendorCredential.unscoped.update(is_active=True)
    let_time_pass()
    assert Erasure.unscoped.get().outcome == "erased"
    assert not is_at_mx(mx, user_guid)


def test_a_retrieval_under_way_brings_nothing_back(
    api: Api,
    mx: Sandbox,
    nucleus_client: Client,
    linked: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    """MX has answered; before the rows are stored, their account is gone."""
    load = MerchantLookup.load

    def erase_first(lookup: MerchantLookup, transactions: Any) -> None:
        monkeypatch.setattr(MerchantLookup, "load", load)
        erase(api, nucleus_client)
        let_time_pass()
        load(lookup, transactions)

    runner.drain()
    AggregationAccountTransaction.unscoped.all().delete()
    monkeypatch.setattr(MerchantLookup, "load", erase_first)
    response = api.get(f"/integration/v1/aggregation/transaction/{linked[0]['id']}")
    assert response.status_code == 404
    assert Erasure.unscoped.get().outcome == "erased"
    assert not AggregationAccountTransaction.unscoped.exists()


def test_a_worker_that_dies_on_the_way_is_followed_by_another(
    api: Api,
    mx: Sandbox,
    nucleus_client: Client,
    linked: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
):
    """MX has deleted the user, and nothing is deleted here yet."""
    user_guid = VendorUser.unscoped.get().vendor_user_id

    def die(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(erasure, "_erase_remaining", die)
    erase(api, nucleus_client)
    let_time_pass()
    assert not is_at_mx(mx, str(user_guid))
    assert api.get(url(nucleus_client)).status_code == 200
    monkeypatch.undo()
    let_time_pass()
    assert api.get(url(nucleus_client)).status_code == 404
    assert Erasure.unscoped.get().outcome == "erased"


def test_a_user_that_appears_at_the_last_moment_is_deleted_too(
    api: Api, mx: Sandbox, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
):
    """A request was still creating it when the erasure looked."""
    pending = VendorUser(
        tenant=nucleus_client.tenant, client=nucleus_client, vendor="mx", identifier="late-one"
    )
    pending.save()
    batches, created = erasure._erase_batches, []

    def create_late(*args: Any) -> None:
        user = mx.call("POST", "/users", json={"user": {"identifier": "late-one"}})["user"]
        VendorUser.unscoped.update(vendor_user_id=user["guid"])
        created.append(user["guid"])
        batches(*args)

    monkeypatch.setattr(erasure, "_erase_batches", create_late)
    erase(api, nucleus_client)
    let_time_pass()
    assert is_at_mx(mx, created[0])
    assert Erasure.unscoped.get().finished_at is None
    let_time_pass()
    assert not is_at_mx(mx, created[0])
    assert Erasure.unscoped.get().outcome == "erased"


def test_a_request_that_outlasts_the_erasure_leaves_no_user_behind(
    api: Api, mx: Sandbox, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
):
    create = users._create_or_adopt

    def create_afterwards(vendor: Any, mapping: VendorUser) -> Any:
        erase(api, nucleus_client)
        let_time_pass()
        return create(vendor, mapping)

    monkeypatch.setattr(users, "_create_or_adopt", create_afterwards)
    body = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
    assert api.post("/integration/v1/user", body).status_code == 400
    assert Erasure.unscoped.get().outcome == "erased"
    identifier = users.identifier_for(nucleus_client.tenant, nucleus_client, "mx")
    assert identifier not in [user["identifier"] for user in mx.listed("/users", "users")]


def test_after_a_month_the_vendors_part_is_left_to_people(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str
):
    VendorCredential.unscoped.update(is_active=False)
    erase(api, nucleus_client)
    let_time_pass()
    Erasure.unscoped.update(create_date=timezone.now() - timedelta(days=31))
    let_time_pass()
    record = Erasure.unscoped.get()
    assert record.outcome == "left_at_vendor"
    assert record.vendor_users[0]["vendor_user_id"] == user_guid
    query = {"event": "client_erased"}
    (row,) = api.get("/integration/v1/audit_log", **query).data["content"]
    assert row["response"]["outcome"] == "left_at_vendor"
    assert user_guid not in repr(row)
