"""/connection: state, who has to act, refresh and deletion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.access.models import Application
from integrations.flows import sync
from integrations.flows.connection_state import MISSING, ConnectionState
from integrations.models import AccountLink, Job, Member, VendorCredential, VendorUser
from integrations.vendors.records import ActionRequiredBy, SyncScope
from nucleus.models import AggregationAccount, Client
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import BusinessFactory, ClientFactory
from tests.gateway.integration_api.conftest import run_jobs
from tests.sandbox_process import Sandbox

BASE = "/integration/v1/connection"
pytestmark = pytest.mark.django_db


def member_of(client: Any, member_id: str = "MBR-1", **columns: Any) -> Member:
    """A stored connection of the client or business."""
    owner = {"client": client} if isinstance(client, Client) else {"business": client}
    user, _ = VendorUser.unscoped.get_or_create(
        tenant=client.tenant,
        vendor="mx",
        **owner,
        defaults={"identifier": str(client.pk), "vendor_user_id": f"USR-{client.pk}"},
    )
    return Member.unscoped.create(
        tenant=client.tenant, vendor_user=user, vendor_member_id=member_id, **columns
    )


def ids(response: Any) -> set[str]:
    assert response.status_code == 200, response.data
    return {row["id"] for row in response.data["content"]}


def test_a_linked_connection_is_described(
    api: Api, nucleus_client: Client, member_guid: str, linked: list[dict[str, Any]]
):
    run_jobs()
    (row,) = api.get(BASE).data["content"]
    assert row["member_id"] == member_guid
    assert row["nucleus_client_id"] == str(nucleus_client.pk)
    assert row["nucleus_business_id"] is None
    assert (row["state"], row["connection_status"]) == ("connected", "CONNECTED")
    assert (row["action_required_by"], row["next_step"]) == ("nobody", "none")
    assert row["institution_name"] == "MX Bank"
    assert row["message"] is None
    assert row["last_import_at"]
    assert row["last_retrieval_at"] > row["create_date"]  # each account by its own job
    assert set(row["nucleus_aggregation_account_ids"]) == {account["id"] for account in linked}
    assert row["nucleus_bank_link_ids"] == []
    assert api.get(f"{BASE}/{row['id']}").data == row
    assert api.get(row["widget_link"]).status_code == 200


def test_a_refused_login_names_the_person_and_the_repair(
    api: Api, mx: Sandbox, member_guid: str, linked: list[dict[str, Any]]
):
    mx.call("PUT", f"/_control/members/{member_guid}", json={"connection_status": "DENIED"})
    sync.enqueue(member=Member.unscoped.get(), scope=SyncScope.STATUS)
    run_jobs()
    (row,) = api.get(BASE, state="needs_action").data["content"]
    assert (row["action_required_by"], row["next_step"]) == ("end_user", "repair")
    assert row["message"]
    assert f"member_id={member_guid}" in row["widget_link"]
    assert ids(api.get(BASE, state="connected")) == set()


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"connection_status": "CONNECTED", "actor": ActionRequiredBy.NOBODY}, "connected"),
        ({"connection_status": "UPDATED", "is_aggregating": True}, "importing"),
        ({"connection_status": "CHALLENGED", "actor": ActionRequiredBy.END_USER}, "needs_action"),
        (
            {
                "connection_status": "CHALLENGED",
                "actor": ActionRequiredBy.END_USER,
                "is_aggregating": True,
            },
            "needs_action",
        ),
        ({"connection_status": "DISABLED", "actor": ActionRequiredBy.STAFF}, "needs_action"),
        ({"connection_status": "FAILED", "actor": ActionRequiredBy.VENDOR}, "unavailable"),
        (
            {"connection_status": MISSING, "actor": ActionRequiredBy.END_USER},
            "missing",
        ),
        ({"connection_status": ""}, "connected"),
        ({"checked_at": timezone.now() - timedelta(hours=25)}, "stale"),
        ({"read_problem": "MX fails."}, "unavailable"),
    ],
)
def test_the_state_of_a_connection_and_the_filter_by_it(
    api: Api, nucleus_client: Client, columns: dict[str, Any], state: str
):
    VendorCredential(tenant=nucleus_client.tenant, client_id="id", secret="key").save()
    member = member_of(nucleus_client, **columns)
    assert api.get(f"{BASE}/{member.pk}").data["state"] == state
    for other_state in ConnectionState:
        expected = {str(member.pk)} if other_state.value == state else set()
        assert ids(api.get(BASE, state=other_state.value)) == expected


def test_the_list_can_be_narrowed_to_an_owner_a_vendor_or_a_member(
    api: Api, nucleus_client: Client
):
    business: Any = BusinessFactory(tenant=nucleus_client.tenant)
    own = member_of(nucleus_client, "MBR-1")
    of_business = member_of(business, "MBR-2")
    assert ids(api.get(BASE)) == {str(own.pk), str(of_business.pk)}
    assert ids(api.get(BASE, nucleus_client_id=nucleus_client.pk)) == {str(own.pk)}
    assert ids(api.get(BASE, nucleus_business_id=business.pk)) == {str(of_business.pk)}
    assert ids(api.get(BASE, member_id="MBR-2")) == {str(of_business.pk)}
    assert ids(api.get(BASE, vendor_name="mx", size=1, page=1)) <= {
        str(own.pk),
        str(of_business.pk),
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "broken"}, "state"),
        ({"nucleus_client_id": "5"}, "nucleus_client_id"),
        ({"member_id": "MBR/../1"}, "member_id"),
        ({"vendor_name": "nobody"}, "vendor_name"),
        ({"filter": "state==connected"}, "filter"),
        ({"order_by": "actor"}, "order_by"),
    ],
)
def test_a_query_that_cannot_be_served_is_refused(api: Api, query: dict[str, str], field: str):
    response = api.get(BASE, **query)
    assert response.status_code == 400
    assert field in response.data["errors"]


def test_a_clients_token_sees_its_own_connections_only(
    application: Application, nucleus_client: Client
):
    own = member_of(nucleus_client, "MBR-1")
    other_client: Any = ClientFactory(tenant=nucleus_client.tenant)
    foreign = member_of(other_client, "MBR-2")
    client_api = Api(access_token(application, client=nucleus_client))
    assert ids(client_api.get(BASE)) == {str(own.pk)}
    assert client_api.get(f"{BASE}/{foreign.pk}").status_code == 404
    assert client_api.post(f"{BASE}/{foreign.pk}/refresh").status_code == 404
    assert client_api.delete(f"{BASE}/{foreign.pk}").status_code == 404


def test_connections_of_a_client_that_is_being_erased_are_not_shown(
    api: Api, nucleus_client: Client
):
    member = member_of(nucleus_client)
    nucleus_client.erase_requested_at = timezone.now()
    nucleus_client.save()
    assert ids(api.get(BASE)) == set()
    assert api.get(f"{BASE}/{member.pk}").status_code == 404


def test_a_refresh_imports_and_retrieves_once_for_repeated_requests(
    api: Api, mx: Sandbox, linked: list[dict[str, Any]]
):
    run_jobs()
    (row,) = api.get(BASE).data["content"]
    for _ in range(2):
        response = api.post(f"{BASE}/{row['id']}/refresh")
        assert response.status_code == 202, response.data
        assert response.data["id"] == row["id"]
    assert Job.objects.filter(kind=sync.REFRESH_MEMBER.name).count() == 1


def test_a_connection_that_the_vendor_no_longer_has_is_not_refreshed_but_linked_again(
    api: Api, nucleus_client: Client, mx: Sandbox, user_guid: str
):
    user = VendorUser.unscoped.get()
    member = Member.unscoped.create(
        tenant=user.tenant,
        vendor_user=user,
        vendor_member_id="MBR-1",
        connection_status=MISSING,
    )
    response = api.post(f"{BASE}/{member.pk}/refresh")
    assert response.status_code == 400
    assert "link the institution again" in response.data["message"]
    link = api.get(f"{BASE}/{member.pk}").data["widget_link"]
    assert api.get(link).status_code == 200


def test_a_deleted_connection_is_gone_at_the_vendor_and_its_data_stays(
    api: Api, mx: Sandbox, user_guid: str, member_guid: str, linked: list[dict[str, Any]]
):
    run_jobs()
    (row,) = api.get(BASE).data["content"]
    assert api.delete(f"{BASE}/{row['id']}").status_code == 204
    assert mx.listed(f"/users/{user_guid}/members", "members") == []
    assert not Member.unscoped.exists()
    reasons = set(AccountLink.unscoped.values_list("end_reason", flat=True))
    assert reasons == {AccountLink.EndReason.CONNECTION_DELETED}
    assert AggregationAccount.unscoped.count() == len(linked)
    assert api.delete(f"{BASE}/{row['id']}").status_code == 404


def test_a_failure_of_the_vendor_leaves_the_connection(
    api: Api, mx: Sandbox, linked: list[dict[str, Any]]
):
    member = Member.unscoped.get()
    mx.fault(method="DELETE", kind="status", status=503, count=9)
    assert api.delete(f"{BASE}/{member.pk}").status_code == 503
    assert Member.unscoped.filter(pk=member.pk).exists()


def test_the_number_of_queries_does_not_grow_with_the_page(
    api: Api, nucleus_client: Client, django_assert_max_num_queries: Any
):
    for number in range(12):
        member_of(nucleus_client, f"MBR-{number}")
    with django_assert_max_num_queries(12):
        assert len(api.get(BASE).data["content"]) == 12
