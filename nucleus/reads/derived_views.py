"""Responses made of several kinds of rows: an account with its data, a client's accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework.exceptions import ValidationError

from nucleus import iso_codes
from nucleus.hydrogen import pages, renderers
from nucleus.hydrogen.renderers import Body
from nucleus.masking import mask
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    Tenant,
)
from nucleus.reads.balances import current_balance
from nucleus.reads.currency_conversion import Conversion

MAX_ENTRIES = pages.MAX_SIZE  # holdings and transactions of aggregate_data, newest first
MAX_ACCOUNTS = 1000  # of an overview
MAX_MESSAGE = 1000  # characters
DETAILS = (
    "account_name", "account_holder", "mask", "institution_name", "category", "subcategory",
    "currency_code", "financial_offer_id", "is_classified", "metadata", "secondary_id",
    "create_date", "update_date",
)  # fmt: skip
AMOUNTS = ("balance", "available_balance", "available_credit")


def aggregate_data(account: AggregationAccount, conversion: Conversion | None) -> Body:
    """An account with its current balance, positions held, and newest transactions.

    Raises ValidationError for an exchange rate that is missing.
    """
    holdings = _active(AggregationAccountHolding, account).order_by("-update_date", "id")
    transactions = _active(AggregationAccountTransaction, account).order_by(
        "-transaction_date", "id"
    )
    newest = current_balance(account)
    name = "aggregation_account"
    return {
        f"{name}_id": account.id,
        f"{name}_details": _details(account),
        f"{name}_balances": None
        if newest is None
        else _part(f"{name}_balance", renderers.balance(newest), conversion),
        f"{name}_holdings": [
            _part(f"{name}_holding", renderers.holding(row), conversion)
            for row in holdings[:MAX_ENTRIES]
        ],
        f"{name}_transactions": [
            _part(f"{name}_transaction", renderers.transaction(row), conversion)
            for row in transactions[:MAX_ENTRIES]
        ],
    }


def overview(
    tenant: Tenant, accounts: QuerySet[AggregationAccount], conversion: Conversion | None
) -> Body:
    """The tenant's active accounts among `accounts` by category, with current balances and totals.

    Amounts keep the sign they are stored with: what is owed on a loan counts as positive. A total
    is null if there are no amounts, or if they are in several currencies. Accounts that nobody
    knows how to add are left out of it, and `message` says why: those of an unknown type, in a unit
    that is no currency of ISO 4217, or that could not be converted.

    Raises ValidationError for more than MAX_ACCOUNTS, or an exchange rate that is missing.
    """
    balances = AggregationAccountBalance.objects.for_tenant(tenant)
    current = (
        balances.filter(aggregation_account=OuterRef("pk"), is_active=True)
        .order_by("-balance_time_stamp", "-create_date")
        .values("pk")[:1]
    )
    rows = list(
        accounts.filter(is_active=True)
        .annotate(current_balance_id=Subquery(current))
        .order_by("category", "account_name", "id")[: MAX_ACCOUNTS + 1]
    )
    if len(rows) > MAX_ACCOUNTS:
        raise ValidationError(
            f"There are more than {MAX_ACCOUNTS} accounts. List them with "
            "GET /nucleus/v1/aggregation_account and a filter."
        )
    balances_by_id = balances.in_bulk(
        [row.current_balance_id for row in rows if row.current_balance_id]
    )
    by_category: dict[str, list[Body]] = {}
    for row in rows:
        account_body = _with_balance(row, balances_by_id.get(row.current_balance_id), conversion)
        by_category.setdefault(row.category, []).append(account_body)
    return {"by_category": [_totals(name, bodies) for name, bodies in by_category.items()]}


def _active(model: Any, account: AggregationAccount) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.for_tenant(account.tenant_id)
    return rows.filter(aggregation_account=account, is_active=True)


def _with_balance(
    account: AggregationAccount,
    balance: AggregationAccountBalance | None,
    conversion: Conversion | None,
) -> Body:
    code = balance.currency_code if balance else account.currency_code
    body = renderers.with_unit(
        {
            "aggregation_account_id": account.id,
            **_details(account),
            "aggregation_account_balance_id": balance.id if balance else None,
            "currency_code": code,
            **{name: getattr(balance, name, None) for name in AMOUNTS},
            "balance_time_stamp": balance.balance_time_stamp if balance else None,
            "message": _reason_left_out(account, code, conversion) if balance else None,
        }
    )
    return conversion.body(body) if conversion and balance else body


def _reason_left_out(
    account: AggregationAccount, currency_code: str | None, conversion: Conversion | None
) -> str | None:
    """Why the account's balance is in no total; None if it is."""
    if not account.is_classified:
        return "The type of this account is not known, and so whether its balance is owned or owed."
    if renderers.is_other_unit(currency_code):
        return f"{currency_code} is not a currency of ISO 4217."
    if conversion:
        return conversion.obstacle(currency_code)
    if currency_code and not iso_codes.is_money(currency_code.upper()):
        return f"{currency_code} is a metal or a unit of account, not money."
    return None


def _totals(category: str, accounts: list[Body]) -> Body:
    counted = [
        body
        for body in accounts
        if body["aggregation_account_balance_id"] and body["message"] is None
    ]
    currency_codes = {body["currency_code"] for body in counted}
    has_one_currency = len(currency_codes) == 1
    return {
        "category": category,
        "currency_code": currency_codes.pop() if has_one_currency else None,
        "total_balance": _sum(body["balance"] for body in counted if has_one_currency),
        "total_available_balance": _sum(
            body["available_balance"] for body in counted if has_one_currency
        ),
        "message": _left_out(accounts),
        "aggregation_account_details": accounts,
    }


def _left_out(accounts: list[Body]) -> str | None:
    """What the totals lack, by reason; None if nothing."""
    counts = Counter(body["message"] for body in accounts if body["message"])
    if not counts:
        return None
    reasons = " ".join(f"{reason} ({count})" for reason, count in sorted(counts.items()))
    return f"Accounts left out of the totals: {counts.total()}. {reasons}"[:MAX_MESSAGE]


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    values = [amount for amount in amounts if amount is not None]
    return sum(values, Decimal(0)) if values else None


def _details(account: AggregationAccount) -> Body:
    rendered = renderers.aggregation_account(account)
    body = {name: rendered[name] for name in DETAILS}
    last_digits = mask(account.account_number) if account.account_number else account.mask
    return body | {
        "account_number": f"****{last_digits}" if last_digits else None,
        "asset": account.is_asset,
    }


def _part(name: str, body: Body, conversion: Conversion | None) -> Body:
    """`body` with its id as `{name}_id`, and converted."""
    body = conversion.body(body) if conversion else body
    return {f"{name}_id": body.pop("id"), **body}
