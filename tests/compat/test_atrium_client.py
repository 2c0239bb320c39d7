"""MX's own Python client, unmodified, against what the sandbox serves of Atrium."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import atrium
import pytest
from atrium.rest import ApiException

from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox
from tests.waiting import until

pytestmark = pytest.mark.sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return atrium.AtriumClient(API_KEY, CLIENT_ID, environment=sandbox.base_url)


@pytest.fixture
def user(client: Any) -> str:
    body = atrium.UserCreateRequestBody(user=atrium.User(metadata="of a test"))
    return str(client.users.create_user(body).user.guid)


def connect(client: Any, user: str, password: str) -> str:
    """A member, once its import is over or asks a question."""
    fields = client.institutions.read_institution_credentials("mxbank").credentials
    credentials = [
        atrium.CredentialRequest(
            guid=field.guid, value=password if field.type == "PASSWORD" else "test_atrium"
        )
        for field in fields
    ]
    request = atrium.MemberCreateRequest(institution_code="mxbank", credentials=credentials)
    body = atrium.MemberCreateRequestBody(member=request)
    member = str(client.members.create_member(user, body).member.guid)
    settled(client, user, member)
    return member


def settled(client: Any, user: str, member: str) -> Any:
    return until(
        lambda: client.members.read_member_status(member, user).member,
        lambda row: not row.is_being_aggregated or row.connection_status == "CHALLENGED",
    )


def test_users(client: Any, user: str):
    assert client.users.read_user(user).user.metadata == "of a test"
    body = atrium.UserUpdateRequestBody(user=atrium.User(metadata="changed"))
    assert client.users.update_user(user, body=body).user.metadata == "changed"
    page = client.users.list_users(page=1, records_per_page=10)
    assert page.pagination.per_page == 10
    client.users.delete_user(user)
    with pytest.raises(ApiException) as missing:
        client.users.read_user(user)
    assert missing.value.status == 404


def test_institutions_and_merchants(client: Any):
    assert client.institutions.list_institutions(name="MX").institutions[0].code == "mxbank"
    assert client.institutions.read_institution("mxbank").institution.name == "MX Bank"
    # It writes True and False into the query as Python does.
    for expected in (True, False):
        page = client.institutions.list_institutions(supports_account_verification=expected)
        assert {institution.supports_account_verification for institution in page.institutions} == {
            expected
        }
    with pytest.raises(ApiException) as unknown:
        client.institutions.read_institution("nowhere")
    assert unknown.value.status == 404
    merchants = client.merchants.list_merchants().merchants
    merchant = client.merchants.read_merchant(merchants[0].guid).merchant
    places = client.merchants.list_merchant_locations(merchant.guid).merchant_locations
    place = client.merchants.read_merchant_location(merchant.guid, places[0].guid)
    assert place.merchant_location.city == "Testville"


def test_a_question_on_the_way(client: Any, user: str):
    member = connect(client, user, "challenge")
    (question,) = client.members.list_member_mfa_challenges(member, user).challenges
    response = atrium.CredentialRequest(guid=question.guid, value="correct")
    body = atrium.MemberResumeRequestBody(member=atrium.MemberResumeRequest(challenges=[response]))
    client.members.resume_member(member, user, body)
    assert settled(client, user, member).connection_status == "CONNECTED"
    assert client.members.read_member(member, user).member.status == "COMPLETED"


@pytest.mark.parametrize("kind", ["options", "image", "image_options", "token"])
def test_other_kinds_of_questions(client: Any, user: str, kind: str):
    member = connect(client, user, kind)
    (question,) = client.members.read_member_status(member, user).member.challenges
    options = question.options or question.image_options
    assert all(option.label for option in options or [])
    assert bool(question.image_data) == (kind == "image")
    response = atrium.CredentialRequest(guid=question.guid, value="wrong")
    body = atrium.MemberResumeRequestBody(member=atrium.MemberResumeRequest(challenges=[response]))
    client.members.resume_member(member, user, body)
    assert settled(client, user, member).connection_status == "REJECTED"


def test_oauth(client: Any, user: str):
    request = atrium.MemberCreateRequest(institution_code="mx_bank_oauth", is_oauth=True)
    body = atrium.MemberCreateRequestBody(member=request)
    member = client.members.create_member(user, body).member
    assert member.connection_status == "PENDING"
    assert "/oauth/authorize?" in member.oauth_window_uri
    reopened = client.members.read_o_auth_window_uri(member.guid, user).member
    assert reopened.oauth_window_uri != member.oauth_window_uri


def test_statements(client: Any, user: str):
    member = connect(client, user, "password")
    assert client.statements.fetch_statements(member, user).member.is_being_aggregated
    settled(client, user, member)
    page = client.statements.list_member_statements(member, user, records_per_page=10)
    assert (page.pagination.total_entries, page.pagination.total_pages) == (18, 2)
    item = page.statements[0]
    # The client's own model looks for "user" where MX sends "statement".
    read = client.statements.read_member_statement(member, user, item.guid, _preload_content=False)
    assert json.loads(read.data)["statement"]["content_hash"] == item.content_hash
    # It would write text into a binary file, with any server.
    pdf = client.statements.download_statement_pdf(member, user, item.guid, _preload_content=False)
    assert hashlib.sha256(pdf.data).hexdigest() == item.content_hash


def test_cleansing(client: Any):
    row = atrium.TransactionCleanseAndCategorizeRequest(
        description="BEER BAR 65000000764SALT LAKE C",
        identifier="12",
        amount=11.22,
        merchant_category_code=6011,
        type="DEBIT",
    )
    body = atrium.TransactionsCleanseAndCategorizeRequestBody(transactions=[row])
    (response,) = client.transactions.cleanse_and_categorize_transactions(body).transactions
    assert (response.description, response.category) == ("Beer Bar", "Cash")


def test_nothing_of_the_client_is_left_out(client: Any):
    """Every method of every API of MX's client is called in this file."""
    called = set(re.findall(r"client\.(\w+\.\w+)", Path(__file__).read_text()))
    offered = {
        f"{name}.{method}"
        for name, api in vars(client).items()
        if hasattr(api, "api_client")
        for method in dir(api)
        if not method.startswith("_") and callable(getattr(api, method))
        if not method.endswith("_with_http_info") and method != "api_client"
    }
    assert len(offered) > 40
    assert offered - called == set()


def test_accounts_transactions_holdings(client: Any, user: str):
    member = connect(client, user, "password")
    accounts = client.members.list_member_accounts(member, user).accounts
    assert len(client.accounts.list_user_accounts(user).accounts) == len(accounts) == 6
    item = accounts[0]
    assert client.accounts.read_account(item.guid, user).account.balance == item.balance
    by_member = client.accounts.read_account_by_member_guid(item.guid, member, user)
    assert by_member.account.guid == item.guid
    page = client.accounts.list_account_transactions(item.guid, user, records_per_page=100)
    assert page.pagination.total_pages > 2
    row = client.transactions.read_transaction(page.transactions[0].guid, user).transaction
    assert row.amount == page.transactions[0].amount
    assert client.transactions.list_user_transactions(user).pagination.total_entries > 300
    assert client.members.list_member_transactions(member, user).transactions
    holdings = client.holdings.list_holdings(user).holdings
    assert client.holdings.list_holdings_by_member(member, user).holdings == holdings
    account = holdings[0].account_guid
    assert client.holdings.list_holdings_by_account(account, user).holdings == holdings
    assert client.holdings.read_holding(holdings[0].guid, user).holding == holdings[0]


def test_jobs(client: Any, user: str):
    member = connect(client, user, "password")
    for start in (
        client.verification.verify_member,
        client.identity.identify_member,
        client.members.aggregate_member,
        client.members.aggregate_member_balances,
        client.members.extend_history,
    ):
        assert start(member, user).member.is_being_aggregated
        settled(client, user, member)
    numbers = client.verification.list_account_numbers(member, user).account_numbers
    account = numbers[0].account_guid
    by_account = client.verification.list_account_numbers_by_account(account, user)
    assert by_account.account_numbers == [numbers[0]]
    assert client.identity.list_account_owners(member, user).account_owners


def test_members(client: Any, user: str):
    member = connect(client, user, "UNAUTHORIZED")
    assert client.members.list_members(user).members[0].connection_status == "DENIED"
    fields = client.members.list_member_credentials(member, user).credentials
    values = [atrium.CredentialRequest(guid=field.guid, value="password") for field in fields]
    body = atrium.MemberUpdateRequestBody(member=atrium.MemberUpdateRequest(credentials=values))
    client.members.update_member(member, user, body=body)
    assert settled(client, user, member).connection_status == "CONNECTED"
    client.members.delete_member(member, user)
    assert client.members.list_members(user).members == []


def test_the_widget(client: Any, user: str):
    body = atrium.ConnectWidgetRequestBody(mode="verification", ui_message_version=4)
    link = client.connect_widget.get_connect_widget(user, body).user
    assert link.guid == user
    assert "/md/connect/" in link.connect_widget_url


def test_wrong_keys(sandbox: Sandbox):
    with pytest.raises(ApiException) as refused:
        atrium.AtriumClient("wrong", CLIENT_ID, environment=sandbox.base_url).users.list_users()
    assert refused.value.status == 401
