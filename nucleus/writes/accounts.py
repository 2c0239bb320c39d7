"""Aggregation accounts, and the shared directories of institutions and merchants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import UUIDField

from nucleus import categories
from nucleus.compiled_queries import CompiledQuery, Parameter, all_columns, next_instance
from nucleus.models import (
    AggregationAccount,
    Institution,
    Merchant,
    MerchantLocation,
    Owner,
    Tenant,
)
from nucleus.writes.changes import changes, save_changes

Row = TypeVar("Row", bound=models.Model)
TENANT_COLUMNS = ["metadata", "category", "subcategory", "account_category_id"]


class AccountGone(LookupError):
    """The aggregation account was deleted or merged while its data was being read."""


def lock(account: AggregationAccount) -> None:
    """Lock the account's row until the transaction ends. Raises AccountGone.

    Writers of one account take turns; without the lock two equal pulls would both insert.
    """
    rows = AggregationAccount.unscoped.select_for_update().filter(pk=account.pk)
    stored = rows.values_list("pk", "merged_into_id").first()
    if stored is None:
        raise AccountGone(f"There is no aggregation account {account.pk} any more.")
    if stored[1] is not None:
        raise AccountGone(
            f"Aggregation account {account.pk} was merged into {stored[1]}, which has its data."
        )


def create_aggregation_account(
    *, tenant: Tenant, owner: Owner, **columns: Any
) -> AggregationAccount:
    """A new account of the client or business."""
    account = AggregationAccount(tenant=tenant, **owner.reference, **columns)
    account.save(force_insert=True)
    account.refresh_from_db()  # amounts as the database keeps them
    return account


def unchanged_account(
    account: AggregationAccount, columns: Mapping[str, Any]
) -> AggregationAccount | None:
    """The stored row if `update_aggregation_account` would write nothing; takes no lock."""
    rows = STORED_ACCOUNT.rows(tenant=account.tenant_id, account=account.pk)
    stored = next_instance(AggregationAccount, iter(rows[0])) if rows else None
    if stored is None or stored.merged_into_id is not None:
        return None
    return None if changes(stored, _with_own_values(stored, columns)) else stored


def update_aggregation_account(
    *, account: AggregationAccount, **columns: Any
) -> AggregationAccount:
    """Set those columns of the account; nothing is written if none differs.

    What the tenant may have written stays: entries of `metadata` that are not in `columns`, and an
    `account_category_id` other than the one that category and subcategory stand for.
    """
    with transaction.atomic():
        lock(account)
        account.refresh_from_db(fields=TENANT_COLUMNS)
        save_changes(account, _with_own_values(account, columns))
        return account


def _with_own_values(stored: AggregationAccount, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a source, with what the tenant has written instead where that stays."""
    changed = dict(columns)
    if "metadata" in changed:
        changed["metadata"] = stored.metadata | changed["metadata"]
    from_source = categories.account_category_id(
        category=stored.category, subcategory=stored.subcategory
    )
    if stored.account_category_id not in (None, from_source):
        changed.pop("account_category_id", None)
    return changed


STORED_ACCOUNT = CompiledQuery(
    lambda: (
        AggregationAccount.objects.for_tenant(Parameter("tenant", UUIDField()))
        .filter(pk=Parameter("account", UUIDField()))
        .values_list(*all_columns(AggregationAccount))
    )
)


def delete_aggregation_account(account: AggregationAccount) -> None:
    """Delete the account and its balances, transactions and holdings."""
    with transaction.atomic():
        list(AggregationAccount.unscoped.select_for_update().filter(pk=account.pk))
        account.delete()


def upsert_institution(*, source: str, code: str, **columns: Any) -> Institution:
    """The shared institution of that code, as last described by its source, a vendor."""
    return _upsert(Institution, {"source": source, "code": code, "tenant": None}, columns)


def upsert_merchant(*, source: str, source_id: str, **columns: Any) -> Merchant:
    """The merchant of that source id, as last described by its source, a vendor."""
    return _upsert(Merchant, {"source": source, "source_id": source_id}, columns)


def upsert_merchant_location(*, source: str, source_id: str, **columns: Any) -> MerchantLocation:
    """The merchant location of that source id, as last described by its source, a vendor."""
    return _upsert(MerchantLocation, {"source": source, "source_id": source_id}, columns)


def _upsert(model: type[Row], key: dict[str, Any], columns: dict[str, Any]) -> Row:
    # get_or_create survives two writers at once: the loser of the race reads the winner's row.
    row, created = model._default_manager.get_or_create(**key, defaults=columns)
    if not created:
        save_changes(row, columns)
    return row
