"""User names: no two look alike, and none has invisible characters."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.models import Application
from nucleus import usernames
from nucleus.models import Client, Tenant
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import ClientFactory, TenantFactory
from tests.parallel import at_once

CLIENTS = "/nucleus/v1/client"
ALIKE = [
    ("good", "GOOD"),
    ("good", "gOOd"),
    ("victim", "v\u0131ctim"),  # dotless i
    ("victim", "V\u0130CTIM"),  # I with a dot
    ("sam", "\u017fam"),  # long s
    ("kim", "\u212aim"),  # the Kelvin sign
    ("ada", "\uff41\uff44\uff41"),  # full width
    ("ada", "\uff21DA"),
    ("ada", "\u1d43da"),  # superscript
    ("fine", "\ufb01ne"),  # ligature
    ("caf\u00e9", "cafe\u0301"),  # composed or not
    ("stra\u00dfe", "STRASSE"),
    ("\u03c3\u03c3", "\u03a3\u03c2"),  # sigmas
    ("ada b", "ada  b"),
    ("ada", "\u0430d\u0430"),  # Cyrillic
    ("MAKE", "\u041c\u0410\u041a\u0415"),  # Cyrillic capitals
    ("tom", "\u03c4\u03bfm"),  # Greek
    ("user10", "user\u2460\u24ea"),  # in circles
]
UNSEEN = [
    "x\ny", "x\ty", "x\ry", "a\x1bda", "a\x7fda", "a\x85da",
    "a\u200bda", "a\u200dda", "a\u2060da", "\ufeffada", "a\u00adda", "a\u202eda", "a\u2066da",
    "a\u034fda", "a\u3164da", "a\ufe0fda", "a\u180eda", "a\u2028da", "a\u00a0da", "a\u3000da",
    "a\U000e0061da", "a\U000e0100da", "\ue000", "\u2800", "ada\u0378",
    " ada", "ada ", "  ", " ", "",
]  # fmt: skip


def body(name: str) -> dict[str, Any]:
    return {"username": name, "client_type": "consumer"}


@pytest.mark.parametrize(("first", "second"), ALIKE)
@pytest.mark.parametrize("turned", [False, True])
def test_names_that_look_alike_are_refused(
    api: Api, foreign_api: Api, first: str, second: str, *, turned: bool
):
    if turned:
        first, second = second, first
    assert api.post(CLIENTS, body(first)).status_code == 201
    refused = api.post(CLIENTS, body(second))
    assert refused.status_code == 400
    assert "looks like" in refused.data["errors"]["username"][0]
    bulk = api.post("/nucleus/v1/bulk/client", [body(second)]).data
    assert bulk["status"] == "FAILED"
    other = api.post(CLIENTS, body("other")).data["id"]
    assert set(api.put(f"{CLIENTS}/{other}", {"username": second}).data["errors"]) == {"username"}
    assert foreign_api.post(CLIENTS, body(second)).status_code == 201  # another tenant's names


@pytest.mark.parametrize("name", UNSEEN, ids=ascii)
def test_names_with_invisible_characters_are_refused(api: Api, name: str):
    assert set(api.post(CLIENTS, body(name)).data["errors"]) == {"username"}
    made = api.post(CLIENTS, body("ada")).data
    assert api.put(f"{CLIENTS}/{made['id']}", {"username": name}).status_code == 400


@pytest.mark.parametrize(
    "name",
    [
        "b\u03c3b",
        "\u03b3es",
        "a\u0578a",
        "\u0570ans",
        "\u0581ood",
        "\u0566ueen",
        "b\u2c9fb",
        "\u2c9f",
        "\u13aa\u13de",
        "\uab7a",
        "\ua4ee\ua4d3\ua4ee",
        "b\u0434b",
        "\u03c9\u0434",
        "\u1d00da",
        "\u0299ob",
        "\u0138im",
        "\u01c0da",
        "a\u0323\u0336da",
        "ad\u0338a",
        "user\u09e6",
        "\U00010428da",
    ],
    ids=ascii,
)
def test_names_that_mix_scripts_are_refused(name: str):
    assert usernames.problem(name)


@pytest.mark.parametrize(
    "name",
    [
        "\u0418\u0432\u0430\u043d",
        "\u0393\u03b9\u03ac\u03bd\u03bd\u03b7\u03c2",
        "\u5c71\u7530taro",
        "\u3055\u304f\u3089\u30fc",
        "nguy\u1ec5n",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0645\u062d\u0645\u062f",
        "\ud64d\uae38\ub3d9",
        "V\u0130CTIM",
        "o'hara-2 & co",
        "\u0561\u0580\u0561\u0574",
    ],
    ids=ascii,
)
def test_names_of_many_languages_are_accepted(name: str):
    assert usernames.problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["ada", "Ada Demo", "ada@demo.example", "jos\u00e9", "\u5c71\u7530", "\u0430\u043d", "x" * 255],
)
def test_ordinary_names_are_accepted(api: Api, name: str):
    made = api.post(CLIENTS, body(name))
    assert made.status_code == 201
    assert made.data["username"] == name
    path = f"{CLIENTS}/{made.data['id']}"
    assert api.put(path, {"username": name, "first_name": "Ada"}).status_code == 200


def test_a_client_may_change_the_case_of_its_own_name(api: Api):
    made = api.post(CLIENTS, body("Ada")).data
    assert api.put(f"{CLIENTS}/{made['id']}", {"username": "ADA"}).data["username"] == "ADA"
    assert api.put(f"{CLIENTS}/{made['id']}", {"username": "grace"}).status_code == 200
    assert api.post(CLIENTS, body("ada")).status_code == 201  # it is free again
    assert Client.unscoped.get(username="grace").username_key == "grace"


def test_a_stored_name_may_be_repeated(api: Api, tenant: Tenant):
    older: Any = ClientFactory(tenant=tenant, username="x\ny")
    path = f"{CLIENTS}/{older.pk}"
    assert api.put(path, api.get(path).data | {"first_name": "Ada"}).status_code == 200
    assert api.put(path, {"username": "x\nz"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_concurrent_look_alikes_are_refused(application: Application):
    api = Api(access_token(application))
    names = ["ada", "ADA", "Ada", "aDa", "\uff41da", "\u0430da"]

    def create() -> int:
        return int(api.post(CLIENTS, body(names.pop())).status_code)

    statuses = at_once(len(names), create)
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 400, 409}
    assert Client.unscoped.count() == 1


def test_a_constraint_of_the_database_refuses_look_alikes(tenant: Tenant):
    ClientFactory(tenant=tenant, username="ada")
    ClientFactory(tenant=TenantFactory(), username="ADA")
    with pytest.raises(IntegrityError):
        ClientFactory(tenant=tenant, username="ADA")


@given(st.text(max_size=300))
def test_a_key_is_its_own_key_in_any_case(name: str):
    key = usernames.key(name)
    assert len(key) <= usernames.MAX_LENGTH
    if len(key) < usernames.MAX_LENGTH:
        assert usernames.key(key) == key
        if len(name.upper()) == len(name):
            assert usernames.key(name.lower()) == key


def test_keys_are_looked_up_by_an_index(tenant: Tenant):
    rows = Client.objects.for_tenant(tenant).filter(username_key="ada")
    if connection.vendor == "sqlite":
        assert "client_username_key" in rows.explain()
