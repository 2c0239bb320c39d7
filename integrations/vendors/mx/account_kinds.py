"""What MX's account types mean: docs/hydrogen-contract.md#account-types-and-signs.

MX states balances as positive numbers for assets and debts alike; only the type tells them apart.
A type that is not in the table is not guessed: its account is no asset, and not classified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.vendors.mx.values import readable

ANY = "ANY"  # "not provided by data partner or invalid"
LINE_OF_CREDIT = "LINE_OF_CREDIT"
CREDIT_LINE_SUBTYPES = {"HELOC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of account, in Hydrogen's words ("Bank Account").

    Args:
        is_asset: a positive balance is owned; otherwise it is owed.
        can_verify: a demand deposit account, which has a routing number.
        is_classified: whether `is_asset` is known.
    """

    category: str
    subcategory: str | None = None
    is_asset: bool = True
    is_cash: bool = False
    is_investment: bool = False
    can_verify: bool = False
    is_classified: bool = True


KINDS = {
    "CHECKING": Kind(
        category="Bank Account", subcategory="Checking Account", is_cash=True, can_verify=True
    ),
    "SAVINGS": Kind(
        category="Bank Account", subcategory="Savings Account", is_cash=True, can_verify=True
    ),
    "CASH": Kind(category="Cash", is_cash=True),
    "PREPAID": Kind(category="Prepaid", is_cash=True),
    "INVESTMENT": Kind(category="Investment", is_investment=True),
    "PROPERTY": Kind(category="Property"),
    "INSURANCE": Kind(category="Insurance"),
    "CREDIT_CARD": Kind(category="Credit Card", is_asset=False),
    LINE_OF_CREDIT: Kind(category="Line of Credit", is_asset=False),
    "CHECKING_LINE_OF_CREDIT": Kind(
        category="Line of Credit", subcategory="Checking Line of Credit", is_asset=False
    ),
    "LOAN": Kind(category="Loan", is_asset=False),
    "MORTGAGE": Kind(category="Mortgage", is_asset=False),
}

SUBCATEGORIES = {
    "CERTIFICATE_OF_DEPOSIT": "Certificate of Deposit",
    "HELOC": "HELOC",
    "HRA": "HRA",
    "HSA": "HSA",
    "IRA": "IRA",
    "PLAN_401_A": "401(a)",
    "PLAN_401_K": "401(k)",
    "PLAN_403_B": "403(b)",
    "PLAN_409_A": "409(a)",
    "PLAN_457": "457",
    "PLAN_529": "529",
    "PLAN_ROTH_401_K": "Roth 401(k)",
    "PLAN_ROTH_403_B": "Roth 403(b)",
    "ROTH_IRA": "Roth IRA",
    "RV": "RV",
}  # readable() would spoil these
BUSINESS_SUBTYPES = {
    "SMALL_BUSINESS",
    "CORPORATE_ACCOUNT",
    "LIMITED_LIABILITY_ACCOUNT",
    "PARTNERSHIP",
    "SOLE_PROPRIETORSHIP",
}


def code_of(value: str | None) -> str:
    """MX's type or subtype as its reference writes it; MX has used dashes, too."""
    return re.sub(r"[\s-]+", "_", (value or "").upper())


def kind_of(account_type: str, subtype: str) -> Kind:
    """The kind of an account.

    Args:
        account_type, subtype: as `code_of` returns them; empty if MX sent none.
    """
    kind = KINDS.get(account_type)
    if kind is not None and not kind.is_asset:
        return kind
    if _is_credit_line(account_type) or _is_credit_line(subtype):
        return KINDS[LINE_OF_CREDIT]
    if kind is not None:
        return kind
    category = "Other" if account_type in ("", ANY) else readable(account_type)
    return Kind(category=category, is_asset=False, is_classified=False)


def subcategory_of(subtype: str) -> str | None:
    """The subcategory that a subtype stands for; None without one."""
    return SUBCATEGORIES.get(subtype, readable(subtype)) or None


def _is_credit_line(name: str) -> bool:
    return name.endswith(LINE_OF_CREDIT) or name in CREDIT_LINE_SUBTYPES
