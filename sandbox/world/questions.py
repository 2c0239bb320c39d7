"""Challenges that an institution asks at log-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.world.data import account_name
from sandbox.world.ids import guid
from sandbox.world.models import Account, Member
from sandbox.world.pictures import data_uri, word_base64

CORRECT = "correct"
SELECTION = "account_selection"
VERIFIABLE = ("CHECKING", "SAVINGS")  # demand deposit accounts
BLUE = "#2c64ef"


@dataclass(frozen=True, slots=True)
class Question:
    """One challenge, in the fields of MX's API."""

    type: str
    label: str
    field_name: str

    def extra(self) -> dict[str, Any]:
        """Fields that this type has besides its text."""
        if self.type == "IMAGE_DATA":
            return {"image_data": word_base64(CORRECT, BLUE)}
        if self.type == "IMAGE_OPTIONS":
            shapes = {"disc": CORRECT, "square": "square", "cross": "cross", "diamond": "diamond"}
            return {
                "image_options": [
                    {"label": f"The {shape}", "value": value, "data_uri": data_uri(shape, BLUE)}
                    for shape, value in shapes.items()
                ]
            }
        if self.type == "OPTIONS":
            choices = (("The correct address", CORRECT), ("Another address", "wrong"))
            return {"options": [{"label": label, "value": value} for label, value in choices]}
        return {}


CITY, SCHOOL = "What city were you born in?", "What was the name of your first school?"
QUESTIONS = {
    "challenge": Question("TEXT", CITY, CITY),
    "school": Question("TEXT", SCHOOL, SCHOOL),
    "options": Question(
        "OPTIONS", "Where should we send your one time passcode?", "One time passcode"
    ),
    "image": Question("IMAGE_DATA", "Which word do you see?", "Which word do you see?"),
    "image_options": Question("IMAGE_OPTIONS", "Which is your image?", "Choose your image"),
    "token": Question("TOKEN", "Enter the code from your device.", "Token"),
}
# Test passwords and answers that lead to challenges.
BY_PASSWORD = {kind: [kind] for kind in QUESTIONS if kind != "school"} | {
    "questions": ["challenge", "school"]
}


def render(member: Member) -> list[dict[str, Any]]:
    """The waiting challenges."""
    if member.connection_status != "CHALLENGED":
        return []
    return [_render(member, kind) for kind in member.questions]


def _render(member: Member, kind: str) -> dict[str, Any]:
    if kind == SELECTION:
        accounts = verifiable(member)
        choices = [
            {"label": f"{account_name(row)} ****{row.number[-4:]}", "value": row.guid}
            for row in accounts
        ]
        label, name, more = "Which account do you want to verify?", SELECTION, {"options": choices}
        return {"field_name": name, "guid": question_guid(member, kind), "label": label,
                "type": "OPTIONS", **more}  # fmt: skip
    question = QUESTIONS[kind]
    return {
        "field_name": question.field_name,
        "guid": question_guid(member, kind),
        "label": question.label,
        "type": question.type,
        **question.extra(),
    }


def question_guid(member: Member, kind: str) -> str:
    return guid("CRD", member.guid, kind)


def verifiable(member: Member) -> list[Account]:
    """The accounts that have numbers."""
    rows = Account.objects.filter(member=member, type__in=VERIFIABLE)
    return list(rows.filter(bank_account__is_closed=False).order_by("id"))
