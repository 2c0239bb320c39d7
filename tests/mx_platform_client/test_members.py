"""Users, institutions, and members on their way through logins and questions."""

from __future__ import annotations

from typing import Any

import pytest
from mx_platform_python import (
    MemberCreateRequest,
    MemberCreateRequestBody,
    MemberUpdateRequest,
    MemberUpdateRequestBody,
    UserCreateRequest,
    UserCreateRequestBody,
    UserUpdateRequest,
    UserUpdateRequestBody,
)
from mx_platform_python.exceptions import NotFoundException

from tests.mx_platform_client.connecting import (
    answer,
    connect,
    create,
    credentials,
    settled,
    without_models,
)


def test_users(mx: Any, user: str, version: str):
    assert mx.users.read_user(user).user.metadata == "of a test"
    body = UserUpdateRequestBody(user=UserUpdateRequest(metadata="changed"))
    assert mx.users.update_user(user, body).user.metadata == "changed"
    assert mx.users.list_users(page=1, records_per_page=10).pagination.per_page == 10
    mx.users.delete_user("application/vnd.mx.api.v1+json", user)
    with pytest.raises(NotFoundException):
        mx.users.read_user(user)


def test_a_user_is_read_by_the_id_that_the_client_chose(mx: Any, version: str):
    request = UserCreateRequest(id=f"client-{version}", email="ada@example.com")
    user = mx.users.create_user(UserCreateRequestBody(user=request)).user
    (listed,) = mx.users.list_users(id=user.id).users
    assert (listed.guid, listed.email) == (user.guid, "ada@example.com")
    assert mx.users.list_users(id="nobody").users == []
    assert user.guid in {row.guid for row in mx.users.list_users(email=user.email).users}
    mx.users.delete_user("application/vnd.mx.api.v1+json", user.guid)


def test_a_user_is_disabled_and_enabled(mx: Any, user: str):
    for is_disabled in (True, False):
        body = UserUpdateRequestBody(user=UserUpdateRequest(is_disabled=is_disabled))
        assert mx.users.update_user(user, body).user.is_disabled is is_disabled
        listed = mx.users.list_users(is_disabled=is_disabled, records_per_page=1000).users
        assert user in {row.guid for row in listed}


def test_institutions(mx: Any):
    listed = mx.institutions.list_institutions(name="MX Bank", records_per_page=10).institutions[0]
    assert listed.code == "mxbank"
    read = mx.institutions.read_institution("mxbank").institution
    assert (read.name, read.code) == ("MX Bank", "mxbank")
    fields = mx.institutions.list_institution_credentials("mxbank").credentials
    assert [field.type for field in fields].count("PASSWORD") == 1
    with pytest.raises(NotFoundException):
        mx.institutions.read_institution("nowhere")


@pytest.mark.parametrize("version", ["v20111101"], indirect=True)
def test_institutions_by_what_they_support(mx: Any, version: str):
    # It writes True and False into the query as Python does.
    for name in (
        "supports_account_identification",
        "supports_account_statement",
        "supports_account_verification",
        "supports_transaction_history",
    ):
        for expected in (True, False):
            rows = mx.institutions.list_institutions(**{name: expected}).institutions
            assert {getattr(row, name) for row in rows} <= {expected}


def test_members(mx: Any, user: str):
    member = connect(mx, user, "UNAUTHORIZED")
    (listed,) = without_models(mx.members.list_members, user).members
    assert (listed.guid, listed.connection_status) == (member, "DENIED")
    fields = mx.members.list_member_credentials(member, user).credentials
    assert {field.guid for field in fields} == {row.guid for row in credentials(mx, "password")}
    request = MemberUpdateRequest(credentials=credentials(mx, "password"), metadata="changed")
    updated = without_models(
        mx.members.update_member, member, user, MemberUpdateRequestBody(member=request)
    ).member
    assert updated.metadata == "changed"
    assert settled(mx, user, member).connection_status == "CONNECTED"
    read = without_models(mx.members.read_member, member, user).member
    assert (read.name, read.institution_code, read.is_oauth) == ("MX Bank", "mxbank", False)
    mx.members.delete_member(member, user)
    assert without_models(mx.members.list_members, user).members == []
    with pytest.raises(NotFoundException):
        mx.members.read_member(member, user)


@pytest.mark.parametrize("version", ["v20111101"], indirect=True)
def test_the_clients_models_of_members(mx: Any, version: str, user: str):
    body = MemberCreateRequestBody(
        member=MemberCreateRequest(
            institution_code="mxbank", credentials=credentials(mx, "password")
        )
    )
    member = mx.members.create_member(user, body).member
    settled(mx, user, member.guid)
    assert mx.members.list_members(user).members[0].guid == member.guid
    request = MemberUpdateRequest(metadata="changed")
    updated = mx.members.update_member(
        member.guid, user, MemberUpdateRequestBody(member=request)
    ).member
    assert mx.members.read_member(member.guid, user).member == updated
    assert mx.members.aggregate_member(member.guid, user).member.is_being_aggregated


def test_background_aggregation_is_switched_on_and_off(mx: Any, user: str):
    member = connect(mx, user)
    for is_disabled in (True, False):
        request = MemberUpdateRequest(background_aggregation_is_disabled=is_disabled)
        body = MemberUpdateRequestBody(member=request)
        updated = without_models(mx.members.update_member, member, user, body).member
        assert updated.background_aggregation_is_disabled is is_disabled


@pytest.mark.parametrize(
    ("password", "status"),
    [
        ("BAD_REQUEST", "FAILED"),
        ("SERVER_ERROR", "FAILED"),
        ("UNAVAILABLE", "FAILED"),
        ("INVALID", "DENIED"),
        ("LOCKED", "LOCKED"),
    ],
)
def test_passwords_of_mx_bank(mx: Any, user: str, password: str, status: str):
    member = connect(mx, user, password)
    assert mx.members.read_member_status(member, user).member.connection_status == status


def test_a_question_on_the_way(mx: Any, user: str):
    member = connect(mx, user, "challenge")
    (question,) = mx.members.read_member_status(member, user).member.challenges
    assert (question.type, bool(question.label)) == ("TEXT", True)
    assert answer(mx, user, member, "correct").connection_status == "CONNECTED"


@pytest.mark.parametrize("kind", ["options", "image", "image_options", "token"])
def test_other_kinds_of_questions(mx: Any, user: str, kind: str):
    member = connect(mx, user, kind)
    (question,) = mx.members.list_member_challenges(member, user).challenges
    choices = question.options or question.image_options or []
    assert bool(choices) == kind.endswith("options")
    assert all(choice.label and choice.value for choice in choices)
    assert bool(question.image_data) == (kind == "image")
    right = choices[0].value if choices else "correct"
    assert answer(mx, user, member, right).connection_status == "CONNECTED"


def test_an_option_is_chosen_by_its_guid(mx: Any, user: str):
    member = connect(mx, user, "options")
    (question,) = mx.members.list_member_challenges(member, user).challenges
    assert answer(mx, user, member, question.options[0].guid).connection_status == "CONNECTED"


def test_two_questions_and_a_wrong_answer(mx: Any, user: str):
    member = connect(mx, user, "questions")
    assert answer(mx, user, member, "correct", "wrong").connection_status == "REJECTED"


def test_oauth(mx: Any, user: str):
    request = MemberCreateRequest(institution_code="mx_bank_oauth", is_oauth=True, credentials=[])
    body = MemberCreateRequestBody(member=request, referral_source="BROWSER")
    member = without_models(mx.members.create_member, user, body).member
    assert (member.connection_status, member.is_oauth) == ("PENDING", True)
    assert "/oauth/authorize?" in member.oauth_window_uri
    reopened = mx.widgets.request_o_auth_window_uri(member.guid, user).member
    assert reopened.guid == member.guid
    assert reopened.oauth_window_uri != member.oauth_window_uri


def test_a_member_is_read_while_it_is_imported(mx: Any, user: str):
    member = create(mx, user, "password", metadata="of a member", skip_aggregation=True)
    read = without_models(mx.members.read_member, member, user).member
    assert (read.metadata, read.is_being_aggregated) == ("of a member", False)
