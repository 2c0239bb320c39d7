"""Hostile filters, orders, pages and bodies: a 400, or a literal match."""

from __future__ import annotations

from typing import Any

import pytest

from nucleus.models import Client
from tests.api import Api

CLIENTS, LINKS = "/nucleus/v1/client", "/nucleus/v1/bank_link"
REFUSED = [
    "1==1", "id==1 OR 1=1", "username==x;DROP TABLE", "username__startswith==a", "username~=a",
    "tenant__name==Demo", "tenant_id==5", "password==x", "password!=null", "metadata==x",
    "address==x", "identification_number==1", "erase_requested_at==null", "pk==5", "username=x",
    "username like 'a'", "username in ('a')", "(username==a)", "!username==a", "username==a &",
    "username==a && ", "|| username==a", "username==a || || username==b", "username==", "==a",
    "username=='a", "username=='a\0'", "income==NaN", "income==Infinity", "income==1e999999999999",
    "income==" + "9" * 1900, "income==1_000", "income==0x10", "income==\u0661", "income==1.5",
    "total_net_worth==NaN", "total_net_worth==1e17", "total_net_worth>1e-400",
    "total_net_worth==" + "1" * 1900, "total_net_worth==1_0", "is_active==yes", "is_active>true",
    "create_date==soon", "create_date>99999-01-01", "id==5", "business_id=='{x}'",
    "username==" + "a" * 2000, " || ".join(["is_active==true"] * 21),
    "a" * 1999, "'" * 1999, "username=='a'" + " " * 1900 + "x", "&|" * 900,
]  # fmt: skip
LITERAL = [
    "username=='%'", "username=='_'", "username=='a%'", "username==''", "username=='\\'",
    "username=='*'", 'username==\'" OR ""=="\'', "username=='; DROP TABLE nucleus_client; --'",
    "username=='\u2028'", "username" + "=" * 1900, "username=='" + "(a+)+" * 300 + "'",
]  # fmt: skip
ORDERS = [
    "password", "identification_number", "metadata", "tenant", "tenant__name", "?", "-username",
    "id;", "id,username", "1", "username DESC", "pk", "\0", "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_invalid_filters_are_a_400(api: Api, nucleus_client: Client, text: str):
    response = api.get(CLIENTS, filter=text)
    assert response.status_code == 400
    assert list(response.data["errors"]) == ["filter"]
    assert len(response.data["message"]) < 1000


@pytest.mark.parametrize("text", LITERAL, ids=lambda text: ascii(text[:30]))
def test_special_characters_match_literally(api: Api, nucleus_client: Client, text: str):
    response = api.get(CLIENTS, filter=text)
    assert (response.status_code, response.data["content"]) == (200, [])


@pytest.mark.parametrize("name", ["bank_account_number", "routing", "routing_wire", "tenant"])
@pytest.mark.parametrize("parameter", ["filter", "order_by"])
def test_account_numbers_cannot_be_searched(api: Api, name: str, parameter: str):
    text = f"{name}=='1'" if parameter == "filter" else name
    assert api.get(LINKS, **{parameter: text}).status_code == 400


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ascii(order[:20]))
def test_an_invalid_order_is_a_400(api: Api, order: str):
    response = api.get(CLIENTS, order_by=order)
    assert (response.status_code, list(response.data["errors"])) == (400, ["order_by"])


@pytest.mark.parametrize(
    "query",
    [{"size": "101"}, {"size": "0"}, {"size": "1e2"}, {"page": "-1"}, {"page": "1000001"},
     {"page": "9" * 5000}, {"page": "\u0661"}, {"page": "1_0"}, {"ascending": "perhaps"}],
)  # fmt: skip
def test_pages_are_bounded(api: Api, query: dict[str, str]):
    assert api.get(CLIENTS, **query).status_code == 400


@pytest.mark.parametrize(
    "content",
    [
        b'{"income": 1e400}', b'{"income": 1e999999999}', b'{"income": ' + b"9" * 5000 + b"}",
        b'{"income": 9e63}', b'{"income": 1.5}', b'{"total_net_worth": 1e400}',
        b'{"total_net_worth": "1e1000000"}', b'{"total_net_worth": "NaN"}', b'{"income": NaN}',
        b'{"username": "\\ud800"}', b'{"username": "a\\u0000"}', b'{"a": ' * 60 + b"1" + b"}" * 60,
        '{"username": "a"}'.encode("utf-16"), b"5", b'"text"', b"null", b"[]", b"true", b"\xff",
        b'{"username": "a", "username": "b"}', b'{"metadata": {"a": 1e400}}',
        b'{"date_of_birth": 1e400}', b'{"address": [[[]]]}', b'{"authorities": {"a": 1}}',
        b'{"authorities": [' + b"5," * 50_000 + b"5]}", b'{"username": {"a": 1}}',
    ],
    ids=lambda content: ascii(content[:30]),
)  # fmt: skip
def test_an_unreadable_body_is_a_400(api: Api, content: bytes):
    response: Any = api.http.post(CLIENTS, content, "application/json", headers=api.headers)
    assert response.status_code == 400
    assert response.json()["message"]


def test_a_body_that_is_too_large_is_a_413(api: Api):
    content = b'{"username": "' + b"a" * 300_000 + b'"}'
    response: Any = api.http.post(CLIENTS, content, "application/json", headers=api.headers)
    assert response.status_code == 413
