"""Institutions, and what each asks for. MX Bank is MX's own test institution."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

NAMESPACE = uuid.UUID("6f1f3c52-6a0e-4a0c-9a52-5d8f2a1f7a11")


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution; test ones differ in what they support."""

    code: str
    name: str
    color: str
    supports_verification: bool = True
    supports_identification: bool = True
    supports_history: bool = True

    @property
    def guid(self) -> str:
        return guid("INS", self.code)

    @property
    def url(self) -> str:
        return "https://www.mx.com" if self.code == "mxbank" else "https://bank.example"


def guid(prefix: str, *parts: object) -> str:
    """The same id for the same parts."""
    return f"{prefix}-{uuid.uuid5(NAMESPACE, ':'.join(str(part) for part in parts))}"


INSTITUTIONS = {
    one.code: one
    for one in (
        Institution("mxbank", "MX Bank", "#2c64ef"),
        Institution("test_credit_union", "Test Credit Union", "#0f766e"),
        Institution("test_savings_bank", "Test Savings Bank", "#b45309"),
        Institution("test_business_bank", "Test Business Bank", "#334155"),
        Institution("test_brokerage", "Test Brokerage", "#6d28d9", supports_verification=False),
        Institution("test_card_issuer", "Test Card Issuer", "#be123c", supports_verification=False),
        Institution("test_mortgage_lender", "Test Mortgage Lender", "#4d7c0f",
                    supports_verification=False, supports_identification=False),
    )
}  # fmt: skip


def credentials(code: str) -> list[dict[str, object]]:
    """The fields of the institution's login."""
    return [
        {
            "display_order": 1,
            "field_name": "LOGIN",
            "guid": guid("CRD", code, "LOGIN"),
            "label": "Username",
            "type": "LOGIN",
        },
        {
            "display_order": 2,
            "field_name": "PASSWORD",
            "guid": guid("CRD", code, "PASSWORD"),
            "label": "Password",
            "type": "PASSWORD",
        },
    ]
