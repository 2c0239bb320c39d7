"""How the reasons of refused items of /bulk/{entity_uri} are kept, and read again."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from nucleus.api import writing
from nucleus.models import BulkTransaction
from nucleus.writes.rules import Refusal

MAX_STORED = 256 * 1024  # characters of reasons; as much as a request can be long
NOT_STORED = (
    "This item was refused. Its reason was not kept, because those of the other items are very "
    "long; send it again in a smaller request."
)


def stored(outcomes: list[Any]) -> list[dict[str, Any]]:
    """Why items were refused: equal reasons once, with the indexes of their items.

    Of different reasons no more than MAX_STORED characters, so that a small request does not
    store much.
    """
    indexes_of: dict[str, list[int]] = {}
    for at, outcome in enumerate(outcomes):
        if isinstance(outcome, Refusal):
            reason = {"message": writing.sentence(outcome), "errors": _plain(outcome.errors)}
            indexes_of.setdefault(json.dumps(reason), []).append(at)
    kept, left_out, size = [], [], 0
    for text, indexes in indexes_of.items():
        size += len(text)
        if size <= MAX_STORED:
            kept.append(json.loads(text) | {"ranges": _ranges(indexes)})
        else:
            left_out += indexes
    if left_out:
        reason = {"message": NOT_STORED, "errors": {"non_field_errors": [NOT_STORED]}}
        kept.append(reason | {"ranges": _ranges(sorted(left_out))})
    return kept


def each(row: BulkTransaction) -> list[dict[str, Any]]:
    """One object for each refused item, in their order."""
    errors = []
    for stored in row.error:
        if "index" in stored:  # of before equal reasons were stored once
            errors.append(stored)
            continue
        reason = {"message": stored["message"], "errors": stored["errors"]}
        for first, last in stored["ranges"]:
            errors += [{"index": index} | reason for index in range(first, last + 1)]
    return sorted(errors, key=itemgetter("index"))


def _ranges(indexes: list[int]) -> list[list[int]]:
    """First and last of each run of ascending indexes."""
    ranges: list[list[int]] = []
    for index in indexes:
        if ranges and ranges[-1][1] == index - 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    return ranges


def _plain(detail: Any) -> Any:
    """Reasons as JSON keeps them."""
    if isinstance(detail, dict):
        return {str(name): _plain(one) for name, one in detail.items()}
    return [_plain(one) for one in detail] if isinstance(detail, list) else str(detail)
