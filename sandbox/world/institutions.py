"""Institutions and their login fields. MX Bank and its OAuth twin are MX's own for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.world.ids import guid

THROTTLE_SECONDS = 10_800


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution; test ones differ in what they support."""

    code: str
    name: str
    color: str
    supports_verification: bool = True
    supports_identification: bool = True
    supports_history: bool = True
    supports_statements: bool = True
    supports_oauth: bool = False
    has_branches: bool = False  # its login asks for one
    throttle_seconds: int = THROTTLE_SECONDS  # between aggregations; 0: no limits of any kind

    @property
    def guid(self) -> str:
        return guid("INS", self.code)

    @property
    def url(self) -> str:
        return "https://www.mx.com" if self.code.startswith("mx") else "https://bank.example"


INSTITUTIONS = {
    institution.code: institution
    for institution in (
        Institution("mxbank", "MX Bank", "#2c64ef", throttle_seconds=0),
        Institution("mx_bank_oauth", "MX Bank (OAuth)", "#1d4ed8", supports_oauth=True,
                    throttle_seconds=0),
        Institution("test_credit_union", "Test Credit Union", "#0f766e"),
        Institution("test_savings_bank", "Test Savings Bank", "#b45309"),
        Institution("test_business_bank", "Test Business Bank", "#334155", has_branches=True),
        Institution("test_brokerage", "Test Brokerage", "#6d28d9", supports_verification=False),
        Institution("test_card_issuer", "Test Card Issuer", "#be123c", supports_verification=False,
                    supports_statements=False),
        Institution("test_mortgage_lender", "Test Mortgage Lender", "#4d7c0f",
                    supports_verification=False, supports_identification=False,
                    supports_history=False, supports_statements=False),
    )
}  # fmt: skip


def credential_fields(code: str) -> list[dict[str, Any]]:
    """The fields of the institution's login; none where that is on its own page."""
    if INSTITUTIONS[code].supports_oauth:
        return []
    fields: list[tuple[str, str, str, dict[str, Any]]] = [
        ("LOGIN", "Username", "LOGIN", {}),
        ("PASSWORD", "Password", "PASSWORD", {}),
    ]
    if INSTITUTIONS[code].has_branches:
        names = ("North", "South")
        choices = [{"label": name, "value": name.lower()} for name in names]
        fields.append(("BRANCH", "Branch", "OPTIONS", {"options": choices}))
    return [
        {
            "display_order": number,
            "field_name": name,
            "guid": guid("CRD", code, name),
            "label": label,
            "type": field_type,
            **extra,
        }
        for number, (name, label, field_type, extra) in enumerate(fields)
    ]
