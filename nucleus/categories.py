"""Categories of transactions and accounts, and merchant category codes: fixed tables of facts.

They come with the code (`nucleus/data`), a few hundred rows that are the same for every tenant. A
category's id is derived from its names, so it is the same in every installation and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from nucleus import reference_data

# Ranges of codes in which each airline, car rental or hotel has its own: first code → last code.
RANGES = {3000: 3301, 3351: 3441, 3501: 3836}


@dataclass(frozen=True, slots=True)
class Category:
    """A category and the vendor's names for it; the first level has no subcategory."""

    id: UUID
    category: str
    subcategory: str | None
    vendor_name: str
    vendor_category: str
    vendor_subcategory: str | None


@dataclass(frozen=True, slots=True)
class MerchantCategoryCode:
    """What a business of that ISO 18245 code does, and the category of its transactions."""

    mcc: int
    category: str
    subcategory: str | None
    description: str
    transaction_category_id: UUID


@cache
def transaction_categories() -> tuple[Category, ...]:
    """All of them. Source: MX's Atrium reference, "Transaction categories"."""
    return _categories("transaction_categories")


@cache
def account_categories() -> tuple[Category, ...]:
    """All of them; the vendor's names are MX's account types and subtypes."""
    return _categories("account_categories")


@cache
def merchant_category_codes() -> tuple[MerchantCategoryCode, ...]:
    """All of them, by code."""
    return tuple(
        MerchantCategoryCode(
            mcc=int(row["mcc"]),
            category=row["category"],
            subcategory=row["subcategory"] or None,
            description=row["description"],
            transaction_category_id=_ids("transaction_categories")[
                row["category"], row["subcategory"] or None
            ],
        )
        for row in reference_data.read("merchant_category_codes")
    )


def transaction_category_id(
    *, category: str | None, subcategory: str | None, merchant_category_code: int | None = None
) -> UUID | None:
    """The id of the category of a transaction; None if it cannot be determined.

    The subcategory decides wherever it is listed: MX files one subcategory under several parents,
    and repeats the parent's name where it knows no more. An unlisted one (users can create their
    own) falls back on its parent. The merchant category code is used only if no name is listed.
    """
    by_name = _by_name()
    for name in (subcategory, category):
        if name in by_name:
            return by_name[name]
    return _by_code().get(merchant_category_code)


def account_category_id(*, category: str | None, subcategory: str | None) -> UUID | None:
    """The category of an account; an unlisted subcategory falls back on its category."""
    ids = _ids("account_categories")
    return ids.get((category, subcategory)) or ids.get((category, None))


def _categories(table: str) -> tuple[Category, ...]:
    return tuple(
        Category(
            id=reference_data.row_id(table, row["category"], row["subcategory"]),
            category=row["category"],
            subcategory=row["subcategory"] or None,
            vendor_name=row["vendor_name"],
            vendor_category=row["vendor_category"],
            vendor_subcategory=row["vendor_subcategory"] or None,
        )
        for row in reference_data.read(table)
    )


@cache
def _ids(table: str) -> dict[tuple[str | None, str | None], UUID]:
    return {(row.category, row.subcategory): row.id for row in _categories(table)}


@cache
def _by_name() -> dict[str | None, UUID]:
    """Names of transaction categories of both levels; no two are equal."""
    return {row.subcategory or row.category: row.id for row in transaction_categories()}


@cache
def _by_code() -> dict[int | None, UUID]:
    return {
        code: row.transaction_category_id
        for row in merchant_category_codes()
        for code in range(row.mcc, RANGES.get(row.mcc, row.mcc) + 1)
    }
