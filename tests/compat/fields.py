"""Objects with every field of an SDK's model, and whether answers are what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import nucleus_api

READ_ONLY = ("id", "create_date", "update_date", "secret")  # what no caller gives
NEVER_ANSWERED = ("account_number", "identification_number", "password")
FREE_TEXT = ("secondary_id", "hydro_id")  # text, although it ends like an id
BY_NATURE = {
    "client_type": "individual",
    "currency_code": "USD",
    "date_of_birth": "1990-01-02",
    "mask": "5678",
}
ON_BY_DEFAULT = ("is_active", "is_asset")
PARTS = {"cash": nucleus_api.Cash, "investment": nucleus_api.Investment}


def filled(kind: type, **value: Any) -> Any:
    """A Nucleus model whose every field is set, each to something of its own.

    Args:
        given: values that mean something, at any depth; None leaves a field out.
    """
    types: dict[str, str] = getattr(kind, "swagger_types")  # noqa: B009 - the SDK is not typed
    values = {
        name: value[name] if name in value else _value(name, declared, at, value)
        for at, (name, declared) in enumerate(types.items(), 1)
        if name not in READ_ONLY
    }
    return kind(**values)


def _value(name: str, declared: str, at: int, value: dict[str, Any]) -> Any:
    day = date(2026, 11, at % 28 + 1)
    plain: dict[str, Any] = {
        "str": BY_NATURE.get(name, f"some {name}"),
        "int": at,
        "float": at + 0.25,
        "bool": name not in ON_BY_DEFAULT,
        "date": day,
        "datetime": f"{day}T00:00:00.000+0000",
        "dict(str, str)": {"ours": f"some {name}"},
    }
    if name.endswith("_id") and name not in FREE_TEXT:
        return str(uuid4())
    if declared == "list[str]":
        return [str(uuid4()) if name.endswith("_ids") else f"some {name}"]
    if declared.startswith("list["):
        return [filled(getattr(nucleus_api, declared[5:-1]), **value)]
    return plain[declared] if declared in plain else filled(getattr(nucleus_api, declared), **value)


def is_as_sent(response: Any, sent: Any) -> None:
    """Every field that was sent came back, but for what is never answered."""
    for name in sent.swagger_types:
        value = getattr(sent, name)
        if name in NEVER_ANSWERED:
            assert getattr(response, name) is None, name
        elif value is not None:
            assert wire(getattr(response, name)) == wire(value), name


def is_as_stored(response: Any, row: Any, but: Iterable[str] = ()) -> None:
    """Every field of the SDK's model is what the row says."""
    for name in response.swagger_types:
        if name not in but:
            assert wire(getattr(response, name)) == _stored(row, name), name


def _stored(row: Any, name: str) -> Any:
    if name in NEVER_ANSWERED:
        return None
    if name == "bank_credit":
        names = nucleus_api.BankCredit.swagger_types
        return None if row.amount is None else {item: _stored(row, item) for item in names}
    value = getattr(row, name)
    if name == "location" and value:
        return {item: value.get(item) for item in nucleus_api.Location.swagger_types}
    if name in PARTS and value:  # amounts are kept as text
        types = PARTS[name].swagger_types
        return {
            item: float(value[item])
            if types[item] == "float" and item in value
            else value.get(item)
            for item in types
        }
    return wire(value)


def wire(value: Any) -> Any:
    """One form for what was sent, answered and stored: that of the Nucleus SDK's models."""
    if hasattr(value, "to_dict"):
        return wire(value.to_dict())
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [wire(item) for item in value]
    if isinstance(value, datetime):
        in_utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return in_utc.replace("+00:00", "+0000")
    if isinstance(value, (UUID, date)):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value
