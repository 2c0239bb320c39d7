"""Bank links: the holder that the bank confirms, and what is stored if it confirms none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.access.models import Application
from integrations.models import AggregationSettings, VendorCredential, VendorUser
from nucleus.models import BankLink, Client, Tenant
from tests import hostile_mx
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import BusinessFactory
from tests.sandbox_process import Sandbox

IAV, CLIENTS, LINKS = "/integration/v1/iav", "/nucleus/v1/client", "/nucleus/v1/bank_link"
SOURCE = "bank_account_holder_source"
OWNERS = f"/users/{hostile_mx.USER}/members/{hostile_mx.MEMBER}/account_owners"
NUMBERS = OWNERS.replace("account_owners", "account_numbers")
NO_HOLDERS: list[Any] = []


@pytest.fixture
def bank(
    api: Api, tenant: Tenant, nucleus_client: Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Sets whom the bank names as the holders of the account."""
    with hostile_mx.serving() as url:
        VendorCredential(
            tenant=tenant,
            api="atrium",
            environment="custom",
            base_url=url,
            client_id="id",
            secret="key",
        ).save()
        AggregationSettings(tenant=tenant).save()
        user = {"nucleus_client_id": nucleus_client.pk, "product": "atom"}
        assert api.post("/integration/v1/user", user).status_code == 200

        def names(*holders: str | None, account: str = "ACT-2") -> None:
            rows = [{"account_guid": account, "owner_name": name} for name in holders]
            monkeypatch.setitem(hostile_mx.LISTS, OWNERS, ("account_owners", rows))

        names()
        yield names


def verify(api: Api, client: Client) -> dict[str, Any]:
    body = {"nucleus_client_id": client.pk, "vendor_request": {"member_id": hostile_mx.MEMBER}}
    response = api.post(IAV, body)
    assert response.status_code == 200, response.data
    rows = [row["nucleus_bank_link"] for row in response.data["bank_link"]["response"]]
    (link,) = [row for row in rows if row]
    assert link["is_link_verified"] is True
    assert api.get(f"{LINKS}/{link['id']}").data == link
    return dict(link)


def test_a_clients_own_name_is_no_holder(
    api: Api, application: Application, nucleus_client: Client, bank: Any
):
    client_api = Api(access_token(application, client=nucleus_client))
    for name in ("Victor", "Third"):
        renamed = client_api.put(f"{CLIENTS}/{nucleus_client.pk}", {"first_name": name})
        assert renamed.status_code == 200
        link = verify(client_api, nucleus_client)
        assert link["bank_account_holder"] == ""
        assert link["metadata"][SOURCE] == "not_confirmed"
        assert name not in str(link)


def test_holders_that_the_bank_confirmed_stay(
    api: Api,
    application: Application,
    nucleus_client: Client,
    bank: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    bank("Ada Demo-Smith", "Charles Demo", "Ada Demo-Smith")
    first = verify(api, nucleus_client)
    assert first["bank_account_holder"] == "Ada Demo-Smith"
    assert first["metadata"][SOURCE] == "bank"
    assert first["metadata"]["bank_account_holder_2"] == "Charles Demo"
    assert "bank_account_holder_3" not in first["metadata"]
    client_api = Api(access_token(application, client=nucleus_client))
    client_api.put(f"{CLIENTS}/{nucleus_client.pk}", {"first_name": "Victor"})
    for silent in ((), (None,), ("",)):
        bank(*silent)
        assert verify(client_api, nucleus_client) == first
    bank("Somebody Else", account="ACT-9")
    assert verify(api, nucleus_client) == first
    monkeypatch.delitem(hostile_mx.LISTS, OWNERS)  # now the call fails
    assert verify(api, nucleus_client) == first


def test_a_later_confirmation_changes_it(api: Api, nucleus_client: Client, bank: Any):
    assert verify(api, nucleus_client)["metadata"][SOURCE] == "not_confirmed"
    bank("Ada Demo", "Charles Demo")
    assert verify(api, nucleus_client)["bank_account_holder"] == "Ada Demo"
    bank("Grace Demo")
    link = verify(api, nucleus_client)
    assert link["bank_account_holder"] == "Grace Demo"
    assert "bank_account_holder_2" not in link["metadata"]
    assert BankLink.unscoped.count() == 1


def test_a_failing_call_for_owners_changes_nothing(
    api: Api, mx: Sandbox, nucleus_client: Client, user_guid: str, member_guid: str
):
    body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": {"member_id": member_guid}}

    def verified() -> list[Any]:
        return [
            row["nucleus_bank_link"] for row in api.post(IAV, body).data["bank_link"]["response"]
        ]

    assert {row[SOURCE] for row in (link["metadata"] for link in verified())} == {"not_confirmed"}
    mx.call("POST", f"/users/{user_guid}/members/{member_guid}/identify")
    for _ in range(100):
        if mx.listed(f"/users/{user_guid}/members/{member_guid}/account_owners", "account_owners"):
            break
    confirmed = verified()
    assert {link["bank_account_holder"] for link in confirmed} == {"Test Account Holder"}
    for status in (401, 403, 404, 503):
        mx.fault(method="GET", path="/users/*/members/*/account_owners", kind="status",
                 status=status, count=20)  # fmt: skip
        assert verified() == confirmed
        mx.heal()


def test_a_new_number_keeps_the_confirmed_holder(
    api: Api, nucleus_client: Client, bank: Any, monkeypatch: pytest.MonkeyPatch
):
    bank("Ada Demo", "Charles Demo")
    old = verify(api, nucleus_client)
    bank()
    number = {"account_guid": "ACT-2", "account_number": "20002", "routing_number": "688999900"}
    monkeypatch.setitem(hostile_mx.LISTS, NUMBERS, ("account_numbers", [number]))
    new = verify(api, nucleus_client)
    assert new["id"] != old["id"]
    assert new["bank_account_holder"] == "Ada Demo"
    assert (new["metadata"][SOURCE], new["mask"]) == ("bank", "02")  # at most half of five digits
    assert new["metadata"]["bank_account_holder_2"] == "Charles Demo"
    assert api.get(f"{LINKS}/{old['id']}").data["is_link_verified"] is False


def test_the_tenants_own_statement_is_marked_and_stays_until_the_bank_speaks(
    api: Api, nucleus_client: Client, bank: Any
):
    path = f"{LINKS}/{verify(api, nucleus_client)['id']}"
    assert api.put(path, api.get(path).data).status_code == 200  # an empty holder may be repeated
    changed = api.put(path, {"bank_account_holder": "Ada of Demo"}).data
    assert changed["metadata"][SOURCE] == "tenant"
    assert verify(api, nucleus_client) == changed
    bank("Ada Demo", "Charles Demo")
    assert verify(api, nucleus_client)["metadata"][SOURCE] == "bank"
    changed = api.put(path, {"bank_account_holder": "Ada of Demo", "metadata": {"a": "b"}}).data
    assert changed["metadata"][SOURCE] == "tenant"
    assert changed["metadata"]["a"] == "b"
    assert "bank_account_holder_2" not in changed["metadata"]
    refused = api.put(path, {"bank_account_holder": " "})
    assert set(refused.data["errors"]) == {"bank_account_holder"}


@pytest.mark.parametrize(
    "name",
    [
        SOURCE, "bank_account_holder_2", "Bank_Account_Holder_Source", f" {SOURCE} ",
        f"{SOURCE}\u200b",
        "bank account holder 2", "bankAccountHolderSource", "\uff42ank-account-holder-source",
    ],
)  # fmt: skip
def test_nobody_writes_the_source(
    api: Api, application: Application, nucleus_client: Client, bank: Any, name: str
):
    link = verify(api, nucleus_client)
    claim = {"metadata": {name: "bank"}}
    client_api = Api(access_token(application, client=nucleus_client))
    new = {
        "client_id": str(nucleus_client.pk), "bank_account_holder": "Victor Victim",
        "bank_account_number": "100012345678", "routing": "688999900",
        "institution_name": "MX Bank", **claim,
    }  # fmt: skip
    for caller in (api, client_api):
        responses = [
            caller.put(f"{LINKS}/{link['id']}", claim),
            caller.put("/nucleus/v1/bulk_bank_link", [{"id": link["id"], **claim}]),
            caller.post(LINKS, new),
        ]
        assert [response.status_code for response in responses] == [400] * 3
        bulk = caller.put("/nucleus/v1/bulk/bank_link", [{"id": link["id"], **claim}]).data
        assert bulk["status"] == "FAILED"
    assert api.get(f"{LINKS}/{link['id']}").data == link


def test_other_names_are_free(api: Api, nucleus_client: Client, bank: Any):
    path = f"{LINKS}/{verify(api, nucleus_client)['id']}"
    free = {"bank_account_holder": "a", "holder_source": "b", "my_bank_account_holder_2": "c"}
    changed = api.put(path, {"metadata": free})
    assert changed.data["metadata"].items() >= free.items()


def test_a_client_that_changes_a_link_which_is_verified_no_more(
    api: Api, application: Application, nucleus_client: Client, bank: Any
):
    """Should the tenant verify it again, it still shows whose word the holder is."""
    bank("Ada Demo")
    path = f"{LINKS}/{verify(api, nucleus_client)['id']}"
    api.put(path, {"is_link_verified": False})
    client_api = Api(access_token(application, client=nucleus_client))
    assert client_api.put(path, {"bank_account_holder": "Victor Victim"}).status_code == 200
    assert api.put(path, {"is_link_verified": True}).data["metadata"][SOURCE] == "client"
    bank()
    link = verify(api, nucleus_client)
    assert (link["bank_account_holder"], link["metadata"][SOURCE]) == ("", "not_confirmed")


def test_a_businesss_name_is_no_holder_either(api: Api, mx: Sandbox, tenant: Tenant):
    business: Any = BusinessFactory(tenant=tenant, legal_name="Demo Bakery LLC")
    body = {"nucleus_business_id": business.pk, "product": "atom"}
    assert api.post("/integration/v1/user", body).status_code == 200
    member = mx.connect(str(VendorUser.unscoped.get().vendor_user_id))
    response = api.post(IAV, body | {"vendor_request": {"member_id": member}}).data
    links = [row["nucleus_bank_link"] for row in response["bank_link"]["response"]]
    assert links
    assert {link["bank_account_holder"] for link in links} == {""}
    assert {link["metadata"][SOURCE] for link in links} == {"not_confirmed"}


@pytest.mark.parametrize("erase", [False, True])
def test_the_clients_token_does_not_erase_it(
    api: Api, application: Application, nucleus_client: Client, bank: Any, *, erase: bool
):
    link = verify(api, nucleus_client)
    client_api = Api(access_token(application, client=nucleus_client))
    response = client_api.delete(f"{IAV}/{link['id']}", "?nucleus_data=delete" if erase else "")
    assert response.status_code == (403 if erase else 204)
    assert BankLink.unscoped.filter(pk=link["id"]).exists()


def test_holders_are_kept_as_the_bank_has_them(api: Api, nucleus_client: Client, bank: Any):
    bank("Ada  Demo ", "ADA DEMO", " Charles\tDemo", "Grace Demo")
    first = verify(api, nucleus_client)
    assert first["bank_account_holder"] == "Ada Demo"
    assert holders_of(first) == ["Ada Demo", "Charles Demo", "Grace Demo"]
    bank("Grace Demo", "Ada Demo", "Charles Demo")
    assert verify(api, nucleus_client) == first  # only their order differs
    bank("Grace Demo", "Ada Demo")
    assert holders_of(verify(api, nucleus_client)) == ["Grace Demo", "Ada Demo"]


def test_an_account_with_many_holders(api: Api, nucleus_client: Client, bank: Any):
    names = [f"Holder {number}" for number in range(1, 54)]
    bank(*names)
    link = verify(api, nucleus_client)
    assert holders_of(link) == names[:50]
    assert link["metadata"]["bank_account_holder_omitted"] == "3"
    assert verify(api, nucleus_client) == link
    bank(*names[:30])
    link = verify(api, nucleus_client)
    assert holders_of(link) == names[:30]
    assert "bank_account_holder_omitted" not in link["metadata"]


def holders_of(link: dict[str, Any]) -> list[str]:
    metadata = link["metadata"]
    others = [metadata.get(f"bank_account_holder_{position}") for position in range(2, 100)]
    return [link["bank_account_holder"], *(name for name in others if name)]


def test_a_number_that_is_not_whole_makes_no_bank_link(
    api: Api, nucleus_client: Client, bank: Any, monkeypatch: pytest.MonkeyPatch
):
    first = verify(api, nucleus_client)
    number = {"account_guid": "ACT-2", "account_number": "XX**0001", "routing_number": "688999900"}
    monkeypatch.setitem(hostile_mx.LISTS, NUMBERS, ("account_numbers", [number]))
    request = {"member_id": hostile_mx.MEMBER}
    body = {"nucleus_client_id": nucleus_client.pk, "vendor_request": request}
    rows = api.post(IAV, body).data["bank_link"]["response"]
    assert [row["nucleus_bank_link"] for row in rows] == [None]
    assert "number" in rows[0]["message"]
    assert api.get(f"{LINKS}/{first['id']}").data == first
