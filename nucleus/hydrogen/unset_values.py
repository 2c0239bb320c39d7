"""What SDKs send for a value that is not set: null in a body, the text `None` in a query."""

from __future__ import annotations

from typing import Any


def is_unset(value: object) -> bool:
    """Whether a query parameter counts as absent: it is missing, empty, or `None`."""
    return value in (None, "", "None")


def without_nulls(value: Any) -> Any:
    """`value` with null members of its objects left out, at any depth.

    The SDKs send every field of a model, unset ones as null.
    """
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return value
