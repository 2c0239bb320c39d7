"""What the client raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mx_platform_python import (
    ApiException,
    MemberCreateRequest,
    MemberCreateRequestBody,
    UserCreateRequest,
    UserCreateRequestBody,
    WidgetRequest,
    WidgetRequestBody,
)
from mx_platform_python.exceptions import (
    BadRequestException,
    NotFoundException,
    UnauthorizedException,
)

from tests.mx_platform_client.conftest import HEADERS, opened
from tests.mx_platform_client.connecting import connect, create, settled, without_models


def error(raised: Any) -> dict[str, str]:
    return json.loads(raised.value.body)["error"]


def test_wrong_keys(version: str):
    with pytest.raises(UnauthorizedException) as raised:
        opened(HEADERS[version], key="wrong").users.list_users()
    assert error(raised)["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Version": "v19990101"},
        {"Accept": "application/json"},
        {"Accept": "application/json", "Accept-Version": "v19990101"},
        {"Accept": "application/vnd.mx.atrium.v1+json"},
    ],
)
def test_a_version_that_is_not_served(headers: dict[str, str]):
    with pytest.raises(ApiException) as raised:
        opened(headers).users.list_users()
    assert raised.value.status == 406


def test_the_accept_header_alone_names_the_first_version():
    assert opened({}).users.list_users().pagination.current_page == 1


def test_objects_that_do_not_exist(mx: Any, user: str):
    for read in (
        lambda: mx.users.read_user("USR-unknown"),
        lambda: mx.members.read_member("MBR-unknown", user),
        lambda: mx.members.read_member_status("MBR-unknown", user),
        lambda: mx.members.aggregate_member("MBR-unknown", user),
        lambda: mx.accounts.list_member_accounts(user, "MBR-unknown"),
        lambda: mx.transactions.list_transactions_by_account("ACT-unknown", user),
        lambda: mx.merchants.read_merchant("MCH-unknown"),
        lambda: mx.merchants.read_merchant_location("MCL-unknown"),
        lambda: mx.investment_holdings.read_holding("HOL-unknown", user),
    ):
        with pytest.raises(NotFoundException) as raised:
            read()
        assert error(raised)["message"]


def test_bodies_that_mx_refuses(mx: Any, user: str):
    unknown = MemberCreateRequest(institution_code="nowhere", credentials=[])
    for send in (
        lambda: mx.members.create_member(user, MemberCreateRequestBody(member=unknown)),
        lambda: mx.widgets.request_widget_url(
            user, WidgetRequestBody(widget_url=WidgetRequest(widget_type="unknown"))
        ),
    ):
        with pytest.raises(ApiException) as raised:
            send()
        assert raised.value.status in (400, 404, 422)
        assert error(raised)["message"]


def test_the_same_id_twice(mx: Any, user: str):
    body = UserCreateRequestBody(user=UserCreateRequest(id="twice"))
    first = mx.users.create_user(body).user.guid
    with pytest.raises(ApiException) as raised:
        mx.users.create_user(body)
    assert raised.value.status == 409
    mx.users.delete_user("application/vnd.mx.api.v1+json", first)


def test_the_same_login_twice(mx: Any, user: str):
    connect(mx, user)
    with pytest.raises(ApiException) as raised:
        create(mx, user, "password")
    assert raised.value.status == 409


def test_another_job_while_one_runs(mx: Any, user: str):
    member = connect(mx, user)
    without_models(mx.members.aggregate_member, member, user)
    with pytest.raises(ApiException) as raised:
        mx.members.identify_member(member, user)
    assert raised.value.status == 409
    settled(mx, user, member)


def test_balances_too_often(mx: Any, user: str):
    member = connect(mx, user, institution_code="test_credit_union")
    for _ in range(5):
        without_models(mx.members.check_balances, member, user)
        settled(mx, user, member)
    with pytest.raises(ApiException) as raised:
        mx.members.check_balances(member, user)
    assert raised.value.status == 429


@pytest.mark.parametrize("version", ["v20111101"], indirect=True)
def test_a_date_in_the_form_of_the_other_version(mx: Any, version: str, user: str):
    with pytest.raises(BadRequestException) as raised:
        mx.transactions.list_transactions(user, from_date="1760000000", to_date="1770000000")
    assert "YYYY-MM-DD" in error(raised)["message"]
