"""From request bodies to items of nucleus.writes.records, and from refusals to errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from nucleus.caller import caller_of
from nucleus.hydrogen import unknown_names
from nucleus.hydrogen.fields import uuid_of
from nucleus.hydrogen.unset_values import without_nulls
from nucleus.writes.records import Writer
from nucleus.writes.refusals import Columns, Item, Refusal

MAX_ITEMS = 1000
MAX_REPORTED_ITEMS = 20  # invalid items that one response names


def writer_of(request: Request) -> Writer:
    """The caller as a writer."""
    caller = caller_of(request)
    sees_numbers = caller.has_scope("account_numbers")
    return Writer(caller.tenant, caller.client, sees_numbers=sees_numbers)


def items_of(request: Request) -> list[Any]:
    """The array in the body. Raises ValidationError."""
    if not isinstance(request.data, list):
        raise ValidationError("The body must be a JSON array.")
    if len(request.data) > MAX_ITEMS:
        raise ValidationError(f"At most {MAX_ITEMS} items in one request.")
    return request.data


def parse_item(body: BaseSerializer[Any], data: Any) -> Item:
    """The columns of one record, or why they cannot be used; null is the same as left out."""
    if not isinstance(data, dict):
        return Refusal({"non_field_errors": ["A record is a JSON object."]})
    try:
        columns: Columns = body.run_validation(without_nulls(data))
    except ValidationError as error:
        return refusal_of(error)
    return columns


def id_of(data: Any) -> UUID | None:
    """The id of an item: its member `id`, or the item itself."""
    return uuid_of(data.get("id") if isinstance(data, dict) else data)


def report_unknown(items: Sequence[Any], schema: type[BaseSerializer[Any]]) -> None:
    """Report members of items to delete that no such record has; whole records may be sent."""
    known_names: Any = schema().fields  # type: ignore[attr-defined]
    for item in items:
        if isinstance(item, dict):
            names = (name for name, value in item.items() if value is not None)
            unknown_names.report_fields(names, known_names)


def refusal_of(error: APIException) -> Refusal:
    """The refusal of an item whose write raised `error`."""
    detail = error.detail
    if isinstance(error, PermissionDenied):
        return Refusal({"id": [str(detail)]}, kind="forbidden")
    return Refusal(detail if isinstance(detail, dict) else {"non_field_errors": [str(detail)]})


def raise_if_refused(outcome: Any, label: str) -> None:
    """Raise the error that a refusal of a single write means.

    Args:
        label: the singular noun for a row, such as "balance".
    """
    if not isinstance(outcome, Refusal):
        return
    if outcome.kind == "missing":
        raise NotFound(f"There is no such {label}.")
    if outcome.kind == "forbidden":
        raise PermissionDenied(first_reason(outcome))
    raise ValidationError(outcome.errors)


def rejection(outcomes: Sequence[Any]) -> APIException:
    """The error for an array of which some items were refused; it names them by their index."""
    refusals = [
        (index, outcome) for index, outcome in enumerate(outcomes) if isinstance(outcome, Refusal)
    ]
    for index, refusal in refusals:
        if refusal.kind == "forbidden":
            return PermissionDenied(f"item {index}: {first_reason(refusal)}")
    return ValidationError(
        {f"item {index}": refusal.errors for index, refusal in refusals[:MAX_REPORTED_ITEMS]}
    )


def first_reason(refusal: Refusal) -> str:
    """The first reason of a refusal."""
    reason = next(iter(refusal.errors.values()))
    return str(reason[0] if isinstance(reason, list) else reason)
