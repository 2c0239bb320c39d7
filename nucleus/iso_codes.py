"""Currencies (ISO 4217), countries (ISO 3166-1) and their states or provinces (ISO 3166-2).

Currencies are those of the package iso4217, which follows the table of the standard.
Countries and states are in `nucleus/data`: the codes and English names of Debian's iso-codes, as
published in pycountry 26.2.16 (February 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

import iso4217

from nucleus import reference_data

NO_CURRENCIES = frozenset({"XXX", "XTS"})  # codes for "no currency" and for tests
# Withdrawn since 1999; older records may still be in them, and ISO 4217 does not reuse codes.
WITHDRAWN_CURRENCIES = frozenset({
    "ANG", "ATS", "BEF", "BGN", "BYR", "CUC", "CYP", "DEM", "EEK", "ESP", "FIM", "FRF", "GRD",
    "HRK", "IEP", "ITL", "LTL", "LUF", "LVL", "MRO", "MTL", "NLG", "PTE", "SIT", "SKK", "SLL",
    "STD", "VEF", "ZWL",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency in use. `numeric_code` keeps its leading zeros."""

    id: UUID
    alphabetic_code: str
    currency: str
    numeric_code: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory."""

    alpha2_code: str
    alpha3_code: str
    country: str
    numeric_code: int


@dataclass(frozen=True, slots=True)
class State:
    """A state, province or other subdivision; `abbreviation` is unique within its country."""

    abbreviation: str
    country_code: str
    state: str


@cache
def currencies() -> tuple[Currency, ...]:
    """All of them, by code."""
    return tuple(
        Currency(
            id=reference_data.row_id("currencies", row.code),
            alphabetic_code=row.code,
            currency=row.currency_name,
            numeric_code=f"{row.number:03}",
        )
        for row in sorted(iso4217.Currency, key=lambda row: row.code)
        if row.code not in NO_CURRENCIES
    )


@cache
def countries() -> tuple[Country, ...]:
    """All of them, by two-letter code."""
    return tuple(
        Country(
            alpha2_code=row["alpha2_code"],
            alpha3_code=row["alpha3_code"],
            country=row["country"],
            numeric_code=int(row["numeric_code"]),
        )
        for row in reference_data.read("countries")
    )


def states(country_code: str) -> tuple[State, ...]:
    """Those of a country, by abbreviation; none for a country without subdivisions."""
    return _states().get(country_code, ())


def is_country(code: str) -> bool:
    """Whether this is the two-letter code of a country, in capitals."""
    return any(row.alpha2_code == code for row in countries())


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency or metal, in use or withdrawn, in capitals."""
    return code in _currency_codes()


def is_money(code: str) -> bool:
    """Whether this is the code of a currency in capitals, and of no metal or unit of account.

    Those have no minor unit in the standard.
    """
    return is_currency(code) and code not in _codes_without_minor_unit()


@cache
def minor_units(code: str) -> int | None:
    """How many decimal places amounts in this currency have; None if nobody says."""
    return next((row.exponent for row in iso4217.Currency if row.code == code), None)


@cache
def _codes_without_minor_unit() -> frozenset[str]:
    return frozenset(row.code for row in iso4217.Currency if row.exponent is None)


@cache
def _currency_codes() -> frozenset[str]:
    return WITHDRAWN_CURRENCIES | {row.alphabetic_code for row in currencies()}


@cache
def _states() -> dict[str, tuple[State, ...]]:
    states_by_country: dict[str, list[State]] = {}
    for row in reference_data.read("states"):
        states_by_country.setdefault(row["country_code"], []).append(
            State(
                abbreviation=row["abbreviation"],
                country_code=row["country_code"],
                state=row["state"],
            )
        )
    return {code: tuple(rows) for code, rows in states_by_country.items()}
