"""Aggregation accounts, and the shared directories of institutions and merchants."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

from django.db import models, transaction

from nucleus import categories
from nucleus.models import (
    AggregationAccount,
    Institution,
    Merchant,
    MerchantLocation,
    Owner,
    Tenant,
)

Row = TypeVar("Row", bound=models.Model)
TENANTS_OWN = ["metadata", "category", "subcategory", "account_category_id"]
MONEY_STEP = Decimal("1e-8")  # what MoneyField keeps


class AccountGone(LookupError):
    """The aggregation account was deleted while its data was being read."""


def lock(account: AggregationAccount) -> None:
    """Writers of one account take turns; without it two equal pulls would both insert.

    Raises AccountGone. Call it inside a transaction.
    """
    rows = AggregationAccount.unscoped.select_for_update().filter(pk=account.pk)
    if not rows.values_list("pk", flat=True).first():
        raise AccountGone(f"There is no aggregation account {account.pk} any more.")


def kept(value: Any) -> Any:
    """The value as the database will keep it, so that comparing does not see rounding."""
    if isinstance(value, Decimal):
        return value.quantize(MONEY_STEP, ROUND_HALF_EVEN)
    return value


def create_aggregation_account(
    *, tenant: Tenant, owner: Owner, **columns: Any
) -> AggregationAccount:
    """A new account of the client or business."""
    account = AggregationAccount(tenant=tenant, **owner.reference, **columns)
    account.save(force_insert=True)
    account.refresh_from_db()  # amounts as the database keeps them
    return account


def update_aggregation_account(
    *, account: AggregationAccount, **columns: Any
) -> AggregationAccount:
    """Set those columns of the account; nothing is written when they are what they were.

    What the tenant may have written stays: members of `metadata` that are not sent, and a category
    id that the account's own words do not amount to.
    """
    with transaction.atomic():
        lock(account)
        account.refresh_from_db(fields=TENANTS_OWN)
        if "metadata" in columns:
            columns["metadata"] = account.metadata | columns["metadata"]
        given = categories.account_category_id(
            category=account.category, subcategory=account.subcategory
        )
        if account.account_category_id not in (None, given):
            columns.pop("account_category_id", None)
        return _update(account, columns)


def upsert_institution(*, code: str, **columns: Any) -> Institution:
    """The shared institution of that code, as last described by its source."""
    return _upsert(Institution, {"code": code, "tenant": None}, columns)


def upsert_merchant(*, source_id: str, **columns: Any) -> Merchant:
    """The merchant of that source id, as last described by its source."""
    return _upsert(Merchant, {"source_id": source_id}, columns)


def upsert_merchant_location(*, source_id: str, **columns: Any) -> MerchantLocation:
    """The place of that source id, as last described by its source."""
    return _upsert(MerchantLocation, {"source_id": source_id}, columns)


def _upsert(model: type[Row], key: dict[str, Any], columns: dict[str, Any]) -> Row:
    # get_or_create survives two writers at once: the loser of the race reads the winner's row.
    row, created = model._default_manager.get_or_create(**key, defaults=columns)
    return row if created else _update(row, columns)


def _update(row: Row, columns: dict[str, Any]) -> Row:
    changed = [name for name, value in columns.items() if kept(value) != getattr(row, name)]
    for name in changed:
        setattr(row, name, columns[name])
    if changed:
        row.save(update_fields=[*changed, "update_date"])
    return row
