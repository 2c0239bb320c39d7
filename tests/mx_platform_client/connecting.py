"""Members of MX Bank, as an app without the widget makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from mx_platform_python import (
    CredentialRequest,
    MemberCreateRequest,
    MemberCreateRequestBody,
    MemberResumeRequest,
    MemberResumeRequestBody,
)

from tests.waiting import until


def without_models(call: Callable[..., Any], *arguments: Any) -> Any:
    """The answer to a call of the client, whose models of members take 2011's alone.

    They have the guid of the newest job as a boolean, as MX's document of 2011 has it. The newer
    version sends the guid.
    """
    api: Any = call.__self__  # type: ignore[attr-defined]
    read = getattr(api, f"{call.__name__}_with_http_info")
    raw = read(*arguments, _preload_content=False).raw_data
    return json.loads(raw, object_hook=lambda pairs: SimpleNamespace(**pairs))


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
    return str(without_models(mx.members.create_member, user, body).member.guid)


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
    without_models(mx.members.resume_aggregation, member, user, body)
    return settled(mx, user, member)
