"""GET /integration/v1/aggregation/balance/{id}?fresh=true: the vendor reads the bank first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.jobs import runner
from integrations.models import AccountLink, AggregationSettings, CredentialHealth, Job
from integrations.vendors import errors, records
from integrations.vendors.records import ActionRequiredBy, NextStep
from nucleus.models import AggregationAccountBalance, Client, Tenant
from tests.api import Api
from tests.conftest import connect_tenant
from tests.gateway.webhooks.conftest import connected_member
from tests.integrations.flows.linked_bank import Linked, link_bank
from tests.integrations.vendors.memory import MemoryVendor
from tests.integrations.vendors.memory_bank import MemoryBank
from tests.sandbox_process import Sandbox

HOUR = timedelta(hours=1)


@pytest.fixture
def aged(account: Linked) -> Linked:
    """An account whose bank was last read an hour ago, and shows another balance since."""
    return age(account)


def age(account: Linked) -> Linked:
    bank, link = account.bank, account.link
    read_at = datetime.now(UTC) - HOUR
    change_member(account, aggregated_at=read_at, successfully_aggregated_at=read_at)
    stored = bank.accounts[link.vendor_account_id]
    balance = replace(stored.balance, current=Decimal("7.50"), as_of=datetime.now(UTC))
    bank.accounts[stored.id] = replace(stored, balance=balance)
    return account


def change_member(account: Linked, **values: Any) -> None:
    member_id = account.link.vendor_member_id
    account.bank.members[member_id] = replace(account.bank.members[member_id], **values)


def pull(account: Linked, status: int = 200, value: str = "true") -> Any:
    path = f"/integration/v1/aggregation/balance/{account.link.aggregation_account_id}"
    response = account.api.get(path, fresh=value)
    assert response.status_code == status, response.data
    return response


def test_the_balance_is_read_from_the_bank(aged: Linked):
    body = pull(aged).data
    assert body["nucleus_balance_posted"]["balance"] == Decimal("7.50")
    assert body["balance_age"]["is_fresh"] is True
    assert body["balance_age"]["age_seconds"] < 60
    assert (body["balance_age"]["reason"], body["message"]) == (None, None)
    assert aged.bank.balance_checks_left == 4


def test_a_repeated_request_reads_the_bank_once(aged: Linked):
    first, second = pull(aged).data, pull(aged).data
    assert first["nucleus_balance_posted"] == second["nucleus_balance_posted"]
    assert second["balance_age"]["is_fresh"] is True
    assert aged.bank.balance_checks_left == 4
    assert AggregationAccountBalance.unscoped.filter(balance=Decimal("7.50")).count() == 1


@pytest.mark.parametrize("value", ["false", "0", ""])
def test_it_is_not_read_unasked(aged: Linked, value: str):
    assert pull(aged, value=value).data["balance_age"] is None
    assert aged.bank.balance_checks_left == 5


@pytest.mark.parametrize("value", ["maybe", "2", "yes"])
def test_other_values_are_refused(aged: Linked, value: str):
    assert "fresh" in pull(aged, status=400, value=value).data["errors"]


def test_a_limit_of_the_vendor_is_stated(aged: Linked):
    aged.bank.balance_checks_left = 0
    response = pull(aged)
    stated = response.data["balance_age"]
    assert stated["is_fresh"] is False
    assert 3590 <= stated["age_seconds"] <= 3700
    assert str(errors.VendorJobLimited()) == stated["reason"]
    assert response["Retry-After"] == "1440"
    assert response.data["nucleus_balance_posted"]["balance"] == Decimal("7.50")


def test_vendors_without_balance_checks_are_named(
    api: Api, nucleus_client: Client, use_bank: Callable[[MemoryBank], MemoryBank]
):
    account = link_bank(api, nucleus_client, use_bank(MemoryBank(offered=frozenset())))
    response = pull(account)
    assert "does not offer balances on demand" in response.data["balance_age"]["reason"]
    assert "Retry-After" not in response
    assert response.data["nucleus_balance_posted"] is not None


def test_the_bank_is_not_asked_while_the_person_has_to_act(aged: Linked):
    question = records.Connection(
        status="ASKS", meaning="The bank asks.", message="Please answer.",
        actor=ActionRequiredBy.END_USER, next_step=NextStep.REPAIR, is_connected=False,
        is_settled=True,
    )  # fmt: skip
    change_member(aged, connection=question)
    body = pull(aged).data
    assert body["balance_age"]["reason"] == "Please answer."
    assert body["connection"]["state"] == "needs_action"
    assert aged.bank.balance_checks_left == 5


def test_a_job_that_does_not_end_is_awaited_by_a_job_of_ours(aged: Linked, settings: Any):
    settings.MEMBER_WAIT_SECONDS = 0.2
    change_member(aged, is_aggregating=True)
    response = pull(aged)
    assert "still being read" in response.data["balance_age"]["reason"]
    assert response["Retry-After"] == "1"
    assert Job.objects.filter(kind="sync_member", state="ready").count() == 1
    pull(aged)
    assert Job.objects.filter(kind="sync_member", state="ready").count() == 1
    assert aged.bank.balance_checks_left == 5
    change_member(aged, is_aggregating=False)
    runner.drain()
    assert AggregationAccountBalance.unscoped.filter(balance=Decimal("7.50")).count() == 1


def test_an_import_that_ends_meanwhile_is_as_good(
    aged: Linked, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    change_member(aged, is_aggregating=True)
    reads = iter(range(10))
    original = MemoryVendor.read_member

    def read(vendor: MemoryVendor, **ids: str) -> records.Member:
        if next(reads) == 2:
            aged.bank.import_now(ids["member_id"])
            change_member(aged, is_aggregating=False)
        return original(vendor, **ids)

    monkeypatch.setattr(MemoryVendor, "read_member", read)
    assert pull(aged).data["balance_age"]["is_fresh"] is True
    assert aged.bank.balance_checks_left == 5


@pytest.mark.parametrize("method", ["read_member", "start_balance_check", "read_account"])
@pytest.mark.parametrize(
    "error", [errors.VendorUnavailable, errors.VendorTimeout, errors.VendorAccessDenied]
)
def test_a_vendor_that_fails_leaves_the_stored_balance(
    aged: Linked, monkeypatch: pytest.MonkeyPatch, method: str, error: type[errors.VendorError]
):
    def fail(*_: Any, **__: Any) -> Any:
        raise error(vendor="memory")

    monkeypatch.setattr(MemoryVendor, method, fail)
    body = pull(aged).data
    assert body["balance_age"]["is_fresh"] is False
    assert body["balance_age"]["reason"] == str(error())
    assert body["balance_age"]["age_seconds"] is not None
    assert body["nucleus_balance_posted"] is not None
    assert body["connection"] is not None


def test_without_a_stored_balance_the_failure_is_an_error(
    aged: Linked, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any, **__: Any) -> Any:
        raise errors.VendorUnavailable(vendor="memory")

    AggregationAccountBalance.unscoped.all().delete()
    monkeypatch.setattr(MemoryVendor, "read_member", fail)
    assert pull(aged, status=503).data["code"] == "vendor_unavailable"


def test_a_disconnected_account_is_refused_as_ever(aged: Linked):
    path = f"/integration/v1/aggregation/account/{aged.link.aggregation_account_id}"
    assert aged.api.delete(path).status_code == 204
    assert pull(aged, status=400).data["code"] == "invalid_request"


@pytest.fixture
def checking(
    api: Api,
    tenant: Tenant,
    nucleus_client: Client,
    aggregation_settings: AggregationSettings,
    own_sandbox: Sandbox,
) -> AccountLink:
    """A checking account at MX that was imported an hour ago, and changed since."""
    began = (datetime.now(UTC) - HOUR).isoformat()
    own_sandbox.call("POST", "/_control/reset", json={"now": began})
    connect_tenant(tenant, own_sandbox)
    member = connected_member(api, own_sandbox, nucleus_client)
    link = next(link for link in AccountLink.unscoped.filter(member=member) if link.can_verify)
    change = {"account": link.vendor_account_id, "balance": "1234.56"}
    own_sandbox.call("POST", "/_control/bank/events", json={"kind": "change_account", **change})
    own_sandbox.call("POST", "/_control/clock", json={"advance": "1h"})
    return link


def balance_at_mx(api: Api, link: AccountLink) -> Any:
    path = f"/integration/v1/aggregation/balance/{link.aggregation_account_id}"
    response = api.get(path, fresh="true")
    assert response.status_code == 200, response.data
    return response


def test_mx_reads_the_bank(api: Api, own_sandbox: Sandbox, checking: AccountLink):
    before = AggregationAccountBalance.unscoped.get(
        aggregation_account_id=checking.aggregation_account_id
    )
    body = balance_at_mx(api, checking).data
    path = f"/accounts/{checking.vendor_account_id}"
    user = checking.connection.vendor_user.vendor_user_id
    served = own_sandbox.call("GET", f"/users/{user}{path}")["account"]["balance"]
    assert body["nucleus_balance_posted"]["balance"] == Decimal(served) != before.balance
    assert body["balance_age"]["is_fresh"] is True
    assert body["balance_age"]["age_seconds"] < 60


def test_mx_limits_concern_the_connection_alone(
    api: Api, own_sandbox: Sandbox, checking: AccountLink
):
    own_sandbox.fault(method="POST", path="/users/*/members/*", status=429, kind="status")
    response = balance_at_mx(api, checking)
    assert response.data["balance_age"]["is_fresh"] is False
    assert response["Retry-After"] == "1440"
    assert CredentialHealth.objects.get().state == CredentialHealth.State.WORKING
    assert balance_at_mx(api, checking).data["balance_age"]["is_fresh"] is True


def test_a_lost_answer_does_not_start_a_second_check(
    api: Api, own_sandbox: Sandbox, checking: AccountLink
):
    own_sandbox.fault(method="POST", path="/users/*/members/*", kind="truncated")
    assert balance_at_mx(api, checking).data["balance_age"]["is_fresh"] is True
