"""From requests to nucleus.writes.records, and from refusals to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from nucleus.caller import caller_of
from nucleus.hydrogen import unknown_names
from nucleus.hydrogen.fields import uuid_of, without_nulls
from nucleus.writes.records import Columns, Item, Writer
from nucleus.writes.rules import Refusal

MAX_ITEMS = 1000
SHOWN = 20  # wrong items named in one answer


def writer_of(request: Request) -> Writer:
    """The caller as a writer."""
    caller = caller_of(request)
    sees_numbers = caller.has_scope("account_numbers")
    return Writer(caller.tenant, caller.client, sees_numbers=sees_numbers)


def items_of(request: Request) -> list[Any]:
    """The array in the body."""
    if not isinstance(request.data, list):
        raise ValidationError("The body must be a JSON array.")
    if len(request.data) > MAX_ITEMS:
        raise ValidationError(f"At most {MAX_ITEMS} items in one request.")
    return request.data


def read(body: BaseSerializer[Any], data: Any) -> Item:
    """One record of a body; null is the same as left out."""
    if not isinstance(data, dict):
        return Refusal({"non_field_errors": ["A record is a JSON object."]})
    try:
        columns: Columns = body.run_validation(without_nulls(data))
    except ValidationError as error:
        return Refusal(refused(error).errors)
    return columns


def id_of(data: Any) -> UUID | None:
    """The id of an item: its member `id`, or the item itself."""
    return uuid_of(data.get("id") if isinstance(data, dict) else data)


def report_unknown(items: Sequence[Any], schema: type[BaseSerializer[Any]]) -> None:
    """Names the members of items to delete that no such record has; whole records may be sent."""
    known: Any = schema().fields  # type: ignore[attr-defined]
    for item in items:
        if isinstance(item, dict):
            given = (name for name, value in item.items() if value is not None)
            unknown_names.report_fields(given, known)


def refused(error: Exception) -> Refusal:
    """What a single write raised, as the refusal of an item."""
    detail = getattr(error, "detail", str(error))
    if isinstance(error, PermissionDenied):
        return Refusal({"id": [str(detail)]}, kind="forbidden")
    return Refusal(detail if isinstance(detail, dict) else {"non_field_errors": [str(detail)]})


def single(outcome: Any, words: str) -> Any:
    """The row of a single write. Raises what its refusal means; `words` say what a row is."""
    if not isinstance(outcome, Refusal):
        return outcome
    if outcome.kind == "missing":
        raise NotFound(f"There is no such {words}.")
    if outcome.kind == "forbidden":
        raise PermissionDenied(sentence(outcome))
    raise ValidationError(outcome.errors)


def several(outcomes: Sequence[Any]) -> Exception:
    """What an array that was refused is answered: the wrong items by their index."""
    refusals = [(at, one) for at, one in enumerate(outcomes) if isinstance(one, Refusal)]
    for at, one in refusals:
        if one.kind == "forbidden":
            return PermissionDenied(f"item {at}: {sentence(one)}")
    return ValidationError({f"item {at}": one.errors for at, one in refusals[:SHOWN]})


def sentence(refusal: Refusal) -> str:
    """The first reason of a refusal."""
    reason = next(iter(refusal.errors.values()))
    return str(reason[0] if isinstance(reason, list) else reason)
