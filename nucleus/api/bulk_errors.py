"""How the reasons of refused items of /bulk/{entity_uri} are stored, and read again."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from nucleus.api import writing
from nucleus.models import BulkTransaction
from nucleus.writes.refusals import Refusal

MAX_STORED = 256 * 1024  # characters of reasons; as long as a request may be
NOT_STORED = (
    "This item was refused. Its reason was not stored, because those of the other items are very "
    "long. Send it again in a smaller request."
)


def grouped(outcomes: list[Any]) -> list[dict[str, Any]]:
    """Reasons of the refusals among `outcomes`, equal ones once, with the indexes of their items.

    At most MAX_STORED characters of different reasons are kept, so that a small request does not
    fill the database.
    """
    indexes_by_reason: dict[str, list[int]] = {}
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Refusal):
            reason = {"message": writing.first_reason(outcome), "errors": _plain(outcome.errors)}
            indexes_by_reason.setdefault(json.dumps(reason), []).append(index)
    reasons: list[dict[str, Any]] = []
    omitted: list[int] = []
    size = 0
    for text, indexes in indexes_by_reason.items():
        size += len(text)
        if size <= MAX_STORED:
            reasons.append(json.loads(text) | {"ranges": _ranges(indexes)})
        else:
            omitted += indexes
    if omitted:
        reason = {"message": NOT_STORED, "errors": {"non_field_errors": [NOT_STORED]}}
        reasons.append(reason | {"ranges": _ranges(sorted(omitted))})
    return reasons


def by_item(row: BulkTransaction) -> list[dict[str, Any]]:
    """One object for each refused item, in the order of the request."""
    errors: list[dict[str, Any]] = []
    for reason in row.error:
        if "index" in reason:  # a row from before equal reasons were stored once
            errors.append(reason)
            continue
        error = {"message": reason["message"], "errors": reason["errors"]}
        for first, last in reason["ranges"]:
            errors += [{"index": index} | error for index in range(first, last + 1)]
    return sorted(errors, key=itemgetter("index"))


def _ranges(indexes: list[int]) -> list[list[int]]:
    """First and last index of each run of consecutive ones; `indexes` ascend."""
    ranges: list[list[int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ranges


def _plain(detail: Any) -> Any:
    """Error details of the framework as plain JSON."""
    if isinstance(detail, dict):
        return {str(name): _plain(value) for name, value in detail.items()}
    return [_plain(value) for value in detail] if isinstance(detail, list) else str(detail)
