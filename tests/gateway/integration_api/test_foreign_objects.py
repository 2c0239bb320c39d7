"""Verification, widget links and connections never reach what is another's.

Every id of the other side, in paths, queries and bodies: 404 or 400, and none of it in any answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.access.models import Application
from nucleus.models import AggregationAccount, BankLink, Client, Tenant
from tests.api import Api
from tests.conftest import connect_tenant
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.sandbox_process import Sandbox

V1 = "/integration/v1"


@dataclass
class Victim:
    """A client with a connection, accounts and bank links."""

    client: Client
    member: str
    accounts: list[str]
    bank_links: list[str]

    def ids(self) -> list[str]:
        return [str(self.client.pk), self.member, *self.accounts, *self.bank_links]


def user_of(api: Api, client: Client) -> str:
    response = api.post(f"{V1}/user", {"nucleus_client_id": client.pk, "product": "atom"})
    assert response.status_code == 200, response.data
    return str(response.data["vendor_response"]["guid"])


@pytest.fixture
def victim(api: Api, mx: Sandbox, nucleus_client: Client) -> Victim:
    member = mx.connect(user_of(api, nucleus_client))
    body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member}}
    linked = api.post(f"{V1}/aggregation/account", body).data["nucleus_aggregation_accounts"]
    verified = api.post(f"{V1}/iav", body).data["bank_link"]["response"]
    return Victim(
        nucleus_client,
        member,
        [row["body"]["id"] for row in linked],
        [row["nucleus_bank_link"]["id"] for row in verified],
    )


OUTSIDERS = ["client's own token", "another tenant"]


@pytest.fixture(params=[*OUTSIDERS, "tenant's token"])
def attacker(
    request: Any, application: Application, mx: Sandbox, tenant: Tenant
) -> tuple[Api, Client]:
    """A caller, and the client in whose name it calls."""
    if request.param == "another tenant":
        foreign_tenant: Any = TenantFactory()
        connect_tenant(foreign_tenant, mx)
        client: Any = ClientFactory(tenant=foreign_tenant)
        api = Api(access_token(ApplicationFactory(tenant=foreign_tenant)))
        user_of(api, client)
        return api, client
    client = ClientFactory(tenant=tenant)
    everyone = Api(access_token(application))
    user_of(everyone, client)
    if request.param == "tenant's token":
        return everyone, client
    return Api(access_token(application, client=client)), client


def test_in_the_name_of_another_client(victim: Victim, attacker: tuple[Api, Client]):
    api, client = attacker
    own = {"nucleus_client_id": client.pk, "product": "atom"}
    member = own | {"vendor_request": {"member_id": victim.member}}
    account = victim.accounts[0]
    responses = [
        api.post(f"{V1}/iav", member),
        api.post(f"{V1}/aggregation/account", member),
        api.get(f"{V1}/widget_link/{client.pk}", member_id=victim.member),
        api.get(f"{V1}/widget_link/{client.pk}", nucleus_aggregation_account_id=account),
        api.get(f"{V1}/widget_link/{client.pk}", nucleus_bank_link_id=victim.bank_links[0]),
    ]
    if client.tenant_id != victim.client.tenant_id:  # the tenant itself may name its account
        naming_account = own | {"nucleus_aggregation_account_id": account}
        responses.append(api.post(f"{V1}/aggregation/account", naming_account))
    assert [response.status_code for response in responses] == [404] * len(responses)
    without_member = api.post(f"{V1}/iav", own)
    assert without_member.status_code == 200
    assert without_member.data["bank_link"]["response"] == []
    responses.append(without_member)
    text = "".join(response.content.decode() for response in responses)
    mentioned = [name for name in victim.ids() if name in text]
    assert set(mentioned) <= {victim.member, account}  # what the caller itself has said
    assert not AggregationAccount.unscoped.filter(client=client).exists()
    assert not BankLink.unscoped.filter(client=client).exists()


@pytest.mark.parametrize("attacker", OUTSIDERS, indirect=True)
def test_by_the_ids_of_another_client(victim: Victim, attacker: tuple[Api, Client]):
    api, _ = attacker
    of_victim = {"nucleus_client_id": victim.client.pk, "product": "atom"}
    link, account = victim.bank_links[0], victim.accounts[0]
    responses = [
        api.post(f"{V1}/iav", of_victim),
        api.post(f"{V1}/iav", of_victim | {"vendor_request": {"member_id": victim.member}}),
        api.post(f"{V1}/user", of_victim),
        api.post(f"{V1}/aggregation/account", of_victim),
        api.get(f"{V1}/widget_link/{victim.client.pk}"),
        api.get(f"{V1}/iav/{link}"),
        api.delete(f"{V1}/iav/{link}", "?delete_type=delete&nucleus_data=delete"),
        api.delete(f"{V1}/aggregation/account/{account}", "?nucleus_data=delete"),
        *(api.get(f"{V1}/aggregation/{kind}/{account}")
          for kind in ("account", "balance", "transaction", "holding")),
        *(api.get(f"{V1}/aggregation/{kind}", aggregation_account_id_list=[account])
          for kind in ("account", "balance", "transaction", "holding")),
        api.get(f"{V1}/async/aggregation/account/{account}"),
    ]  # fmt: skip
    assert [response.status_code for response in responses] == [404] * len(responses)
    assert BankLink.unscoped.filter(client=victim.client).count() == len(victim.bank_links)
    assert AggregationAccount.unscoped.count() == len(victim.accounts)


@pytest.mark.parametrize("attacker", OUTSIDERS, indirect=True)
def test_lists_show_nothing_of_another(victim: Victim, attacker: tuple[Api, Client]):
    api, _ = attacker
    paths = [
        "/nucleus/v1/client", "/nucleus/v1/bank_link", "/nucleus/v1/aggregation_account",
        f"{V1}/audit_log",
    ]  # fmt: skip
    text = ""
    for path in paths:
        for query in ({}, {"filter": f"client_id=={victim.client.pk}"}):
            response = api.get(path, **query)
            assert response.status_code in (200, 400)
            text += response.content.decode() if response.status_code == 200 else ""
    assert [name for name in victim.ids() if name in text] == []
