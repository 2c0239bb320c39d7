"""Turns a bank's raw description into a name and a category; nothing is stored."""

from __future__ import annotations

import re
from typing import Any

from sandbox.world import categories
from sandbox.world.merchants import ALL, SUBSCRIPTIONS, Merchant

# MX's numbers for who decided.
BY_SYSTEM_RULE, BY_CODE, BY_KEYWORD, UNCATEGORIZED = 13, 15, 9, 8
SCRUBBED, BY_RULE = 0, 6
STORE_NUMBER = re.compile(r"\s*(#?\d{3,}|\d{1,2}[/-]\d{1,2}\b).*$")  # or a date; and what follows
KEYWORDS = (
    # pattern, category, flags, whether a rule (rather than a keyword) decided
    (r"\b(online|card|autopay) payment\b|payment.*thank you", "Credit Card Payment", (), True),
    (r"\boverdraft\b", "Banking Fee", ("is_fee", "is_overdraft_fee", "is_expense"), True),
    (r"\bfee\b", "Service Fee", ("is_fee", "is_expense"), False),
    (r"\b(payroll|salary|direct dep)", "Paycheck", ("is_income", "is_direct_deposit"), False),
    (r"\bpayroll advance\b", "Paycheck", ("is_payroll_advance",), False),
    (r"\binterest\b", "Interest Income", ("is_income",), False),
    (r"\bdividend\b", "Dividend & Cap Gains", ("is_income",), False),
    (r"\bbill ?pay\b", "Utilities", ("is_bill_pay", "is_expense"), False),
    (r"\btransfer\b", "Transfer", (), False),
    (r"\batm\b|\bcash withdrawal\b", "Cash", (), False),
    (r"\bcheck\b", "Check", (), False),
)
FLAGS = (
    "is_bill_pay", "is_direct_deposit", "is_expense", "is_fee", "is_income", "is_international",
    "is_overdraft_fee", "is_payroll_advance", "is_subscription",
)  # fmt: skip


def cleanse(transaction: dict[str, Any]) -> dict[str, Any]:
    """One transaction, described and categorised.

    Args:
        transaction: `description` and `identifier`, perhaps `amount`, `type` and
            `merchant_category_code`, checked already.
    """
    original = transaction["description"]
    merchant = _merchant(original)
    rule = next((row for row in KEYWORDS if re.search(row[0], original, re.IGNORECASE)), None)
    category, by = _category(transaction.get("merchant_category_code"), merchant, rule)
    flags = set(rule[2] if rule else ())
    if merchant is not None:
        flags |= {"is_expense"} | ({"is_subscription"} if merchant.name in SUBSCRIPTIONS else set())
    is_recognised = merchant is not None or rule is not None
    place = merchant.location_guid if merchant and merchant.has_place else None
    return {
        "amount": transaction.get("amount"),
        "categorized_by": by,
        "category": category,
        "category_guid": categories.category_guid(category),
        "described_by": BY_RULE if is_recognised else SCRUBBED,
        "description": merchant.name if merchant else readable_description(original),
        "identifier": transaction["identifier"],
        **{flag: True if flag in flags else None for flag in FLAGS},
        "memo": None,
        "merchant_category_code": transaction.get("merchant_category_code"),
        "merchant_guid": merchant.guid if merchant else None,
        "merchant_location_guid": place,
        "original_description": original,
        "type": transaction.get("type"),
    } | ({"is_income": False} if "is_income" not in flags else {})


def readable_description(original: str) -> str:
    """The readable part: no store numbers, no shouting."""
    parts = re.sub(r"[^\w&'\u2019.]+", " ", STORE_NUMBER.sub("", original)).split()
    return " ".join(part.capitalize() for part in parts) or original.strip()


def _merchant(original: str) -> Merchant | None:
    lowered = original.casefold()
    return next(
        (merchant for merchant in ALL.values() if merchant.name.casefold() in lowered), None
    )


def _category(code: int | None, merchant: Merchant | None, rule: Any) -> tuple[str, int]:
    by_code = categories.by_code().get(code) if code is not None else None
    if by_code:
        return by_code, BY_CODE
    if merchant is not None:
        return merchant.category, BY_SYSTEM_RULE
    if rule is not None:
        return rule[1], BY_SYSTEM_RULE if rule[3] else BY_KEYWORD
    return "Uncategorized", UNCATEGORIZED
