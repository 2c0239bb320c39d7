"""Members of MX Bank, as an app without the widget makes them."""

from __future__ import annotations

from typing import Any

from mx_platform_python import (
    CredentialRequest,
    MemberCreateRequest,
    MemberCreateRequestBody,
    MemberResumeRequest,
    MemberResumeRequestBody,
)

from tests.waiting import until


def credentials(mx: Any, password: str, institution: str = "mxbank") -> list[CredentialRequest]:
    fields = mx.institutions.list_institution_credentials(institution).credentials
    return [
        CredentialRequest(guid=field.guid, value=password if field.type == "PASSWORD" else "mxuser")
        for field in fields
    ]


def create(mx: Any, user: str, password: str, **values: Any) -> str:
    """A member's guid, as soon as MX has it."""
    values = {
        "institution_code": "mxbank",
        "credentials": credentials(mx, password, values.get("institution_code", "mxbank")),
        **values,
    }
    body = MemberCreateRequestBody(member=MemberCreateRequest(**values))
    return str(mx.members.create_member(user, body).member.guid)


def connect(mx: Any, user: str, password: str = "password", **values: Any) -> str:
    """A member's guid, once its import is over or asks a question."""
    member = create(mx, user, password, **values)
    settled(mx, user, member)
    return member


def settled(mx: Any, user: str, member: str) -> Any:
    """The status of a member that nothing runs on, or that waits for an answer."""
    return until(
        lambda: mx.members.read_member_status(member, user).member,
        lambda row: not row.is_being_aggregated or row.connection_status == "CHALLENGED",
    )


def answer(mx: Any, user: str, member: str, *values: str) -> Any:
    """The status of a member after its questions were answered in their order."""
    questions = mx.members.list_member_challenges(member, user).challenges
    answers = [
        CredentialRequest(guid=question.guid, value=value)
        for question, value in zip(questions, values, strict=True)
    ]
    body = MemberResumeRequestBody(member=MemberResumeRequest(challenges=answers))
    mx.members.resume_aggregation(member, user, body)
    return settled(mx, user, member)
