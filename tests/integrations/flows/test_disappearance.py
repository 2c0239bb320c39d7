"""Connections and accounts vanish at MX, close, come back, or are deleted here."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integrations.flows import connections, retrieval, sync
from integrations.flows.errors import ConnectionGone
from integrations.jobs import runner
from integrations.models import (
    AccountLink,
    AggregationSettings,
    Job,
    JobState,
    Member,
)
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.gateway.integration_api.conftest import link
from tests.gateway.webhooks.conftest import news, post
from tests.integrations.flows.bank_changes import (
    BASE,
    accounts,
    bank_event,
    event_types,
    events,
    hide_member,
    run_jobs,
    run_sync,
    state,
    vendor_id,
)
from tests.rollback import rolled_back
from tests.sandbox_process import Sandbox


class TestAMissingConnection:
    def test_is_reported_once_and_its_link_works(
        self, api: Api, own_mx: Sandbox, connection: Member, subscribed: None
    ):
        bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
        for _ in range(3):
            run_sync(connection)
        assert event_types() == ["connection_gone"]
        (_, data) = events()[0]
        assert len(data["nucleus_aggregation_account_ids"]) == 6
        row = state(api)
        assert (row["state"], row["next_step"]) == ("missing", "reconnect")
        assert row["widget_link"] == data["widget_link"]
        assert "current_institution_code=mxbank" in row["widget_link"]
        assert api.get(row["widget_link"]).status_code == 200
        assert row["nucleus_aggregation_account_ids"] == []
        assert accounts(is_active=True) == []

    def test_comes_back_by_itself(
        self,
        api: Api,
        own_mx: Sandbox,
        connection: Member,
        subscribed: None,
        subtests: pytest.Subtests,
    ):
        for scope in SyncScope:
            with subtests.test(scope.name), rolled_back():
                own_mx.heal()
                hide_member(own_mx, connection)
                run_sync(connection)
                assert state(api)["state"] == "missing"
                own_mx.heal()
                for _ in range(2):
                    sync.enqueue(member=connection, scope=scope, only_if_changed=True)
                    run_jobs()
                    while Job.objects.filter(state=JobState.READY).exists():
                        run_jobs()  # while MX reads the history
                assert state(api)["state"] == "connected"
                assert len(accounts(is_active=True)) == len(accounts()) == 6
                assert event_types() == ["connection_gone", "connection_repaired"]

    def test_a_webhook_brings_it_back(
        self,
        api: Api,
        own_mx: Sandbox,
        connection: Member,
        aggregation_settings: AggregationSettings,
    ):
        hide_member(own_mx, connection)
        run_sync(connection)
        own_mx.heal()
        user = str(connection.vendor_user.vendor_user_id)
        post(aggregation_settings, news(connection.vendor_member_id, user, "CONNECTION_STATUS"))
        run_jobs()
        assert (state(api)["state"], len(accounts(is_active=True))) == ("connected", 6)

    def test_a_pull_says_what_to_do(
        self,
        api: Api,
        own_mx: Sandbox,
        connection: Member,
        nucleus_client: Client,
        subtests: pytest.Subtests,
    ):
        advice = f"GET /integration/v1/widget_link/{nucleus_client.pk}"
        bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
        for kind in ("account", "balance", "transaction", "holding"):
            with subtests.test(kind), rolled_back():
                assert state(api)["state"] == "connected"
                # Where holdings are billed, only investment accounts are asked for them.
                account = next(row for row in accounts() if row.is_investment or kind != "holding")
                for _ in range(2):
                    response = api.get(f"{BASE}/aggregation/{kind}/{account.pk}")
                    assert response.status_code == 400, response.data
                    assert advice in response.data["message"]
                assert state(api)["state"] == "missing"

    def test_a_widget_link_for_it_opens_the_institution(
        self, api: Api, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        path = f"{BASE}/widget_link/{nucleus_client.pk}"
        account = accounts()[0]
        bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
        for _ in range(2):  # before and after the gateway knows
            for query in (
                {"nucleus_aggregation_account_id": account.pk},
                {"member_id": connection.vendor_member_id},
            ):
                assert api.get(path, **query).status_code == 200, query
            run_sync(connection)

    def test_jobs_that_wait_for_it_end(
        self, own_mx: Sandbox, connection: Member, nucleus_client: Client
    ):
        bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
        retrieval.enqueue(member=connection, account=accounts()[0])
        sync.enqueue(member=connection, scope=SyncScope.BALANCES, kind=sync.REFRESH_MEMBER)
        run_jobs()
        Job.objects.filter(state=JobState.READY).update(run_at=timezone.now())
        run_jobs()
        assert not Job.objects.exclude(state=JobState.DONE).exists()

    def test_deleted_while_its_accounts_are_read(
        self, api: Api, own_mx: Sandbox, connection: Member
    ):
        own_mx.fault(path="/users/*/members/*/accounts", status=404, count=1, kind="status")
        sync.enqueue(member=connection, scope=SyncScope.EVERYTHING)
        runner.drain()
        job = Job.objects.get(kind="sync_member")
        assert (job.state, state(api)["state"]) == (JobState.READY, "connected")  # a slip
        bank_event(own_mx, "delete_member", member=connection.vendor_member_id)
        Job.objects.update(run_at=timezone.now())
        run_jobs()
        assert state(api)["state"] == "missing"


class TestAccounts:
    def test_a_vanished_account_is_inactive_and_comes_back(
        self, api: Api, own_mx: Sandbox, connection: Member
    ):
        account = accounts()[0]
        bank_event(own_mx, "delete_account", account=vendor_id(account))
        run_sync(connection)
        assert account not in accounts(is_active=True)
        response = api.get(f"{BASE}/aggregation/balance/{account.pk}")
        assert (response.status_code, "no longer lists it" in response.data["message"]) == (
            400,
            True,
        )
        bank_event(own_mx, "restore_account", account=vendor_id(account))
        run_sync(connection)
        assert account in accounts(is_active=True)
        assert len(accounts()) == 6

    def test_a_pull_notices_a_vanished_account(self, api: Api, own_mx: Sandbox, connection: Member):
        account = accounts()[0]
        bank_event(own_mx, "delete_account", account=vendor_id(account))
        response = api.get(f"{BASE}/aggregation/balance/{account.pk}")
        assert response.status_code == 400
        assert account not in accounts(is_active=True)
        assert state(api)["state"] == "connected"

    def test_closing_and_reopening_are_reported_once(
        self, api: Api, own_mx: Sandbox, connection: Member, subscribed: None
    ):
        account = accounts()[0]
        for kind in ("close_account", "reopen_account"):
            bank_event(own_mx, kind, account=vendor_id(account))
            api.get(f"{BASE}/aggregation/account/{account.pk}")
            run_sync(connection)
            run_sync(connection, SyncScope.BALANCES)
        assert [(name, data["action"]) for name, data in events()] == [
            ("aggregation_account_closed", "closed"),
            ("aggregation_account_closed", "reopened"),
        ]

    def test_a_new_account_is_added_and_reported_once_if_the_setting_says_so(
        self, own_mx: Sandbox, connection: Member, subscribed: None, subtests: pytest.Subtests
    ):
        bank_event(own_mx, "open_account", member=connection.vendor_member_id, type="SAVINGS")
        for scope in (SyncScope.BALANCES, SyncScope.EVERYTHING):
            with subtests.test(scope.name), rolled_back():
                assert (len(accounts()), events()) == (6, [])
                for _ in range(2):
                    run_sync(connection, scope)
                assert len(accounts(is_active=True)) == 7
                assert event_types() == ["aggregation_account_added"]
                link_row = AccountLink.unscoped.latest("create_date")
                assert link_row.transactions_retrieved_at is not None
        with subtests.test("off"), rolled_back():
            AggregationSettings.unscoped.update(add_new_accounts=False)
            run_sync(connection)
            assert (len(accounts()), events()) == (6, [])

    def test_removed_accounts_are_added_again_only_on_request(
        self,
        api: Api,
        own_mx: Sandbox,
        connection: Member,
        nucleus_client: Client,
        subtests: pytest.Subtests,
    ):
        account = accounts()[0]
        path = f"{BASE}/aggregation/account/{account.pk}"
        ways = {
            "delink": path,
            "erase": f"{path}?nucleus_data=delete",
            "nucleus": f"/nucleus/v1/aggregation_account/{account.pk}",
        }
        for way, removal in ways.items():
            with subtests.test(way), rolled_back():
                assert api.delete(removal).status_code in (200, 204)
                run_sync(connection)
                assert len(accounts(is_active=True)) == 5
                link(api, nucleus_client, connection.vendor_member_id)
                run_jobs()
                assert len(accounts(is_active=True)) == 6
                if way == "delink":  # it goes on
                    assert (len(accounts()), accounts()[0].pk) == (6, account.pk)

    def test_an_account_that_is_deleted_during_its_retrieval_ends_the_job(
        self, api: Api, own_mx: Sandbox, connection: Member, monkeypatch: pytest.MonkeyPatch
    ):
        account = accounts()[0]
        retrieve = retrieval.retrieve_account

        def delete_first(**arguments: Any) -> None:
            AggregationAccount.unscoped.filter(pk=account.pk).delete()
            retrieve(**arguments)

        monkeypatch.setattr(retrieval, "retrieve_account", delete_first)
        retrieval.enqueue(member=connection, account=account)
        run_jobs()
        run_sync(connection)
        assert not Job.objects.exclude(state=JobState.DONE).exists()

    def test_a_connection_that_is_removed_during_a_job_ends_it(
        self, own_mx: Sandbox, connection: Member, monkeypatch: pytest.MonkeyPatch
    ):
        def gone(member: Member) -> Member:
            raise ConnectionGone

        monkeypatch.setattr(connections, "lock", gone)
        run_sync(connection)
        assert Job.objects.get(kind="sync_member").state == JobState.DONE
