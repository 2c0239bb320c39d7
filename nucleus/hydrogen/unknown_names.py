"""Fields and query parameters that nobody reads: ignored, but named in the answer.

SDKs send whole objects and new versions send new fields, so an unknown name is no error; yet most
are typing errors. Serializers of bodies derive from `BodySerializer` or `ModelBodySerializer` and
report what they do not know; the gateway's middleware collects it into a `Warning` header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

MAX_NAMES, MAX_LENGTH = 10, 40  # shown of one kind, and of one name
SIMILAR = 0.5  # of difflib's ratio: frist and first_name have 0.53
NOT_SHOWN = re.compile(r"[^A-Za-z0-9_.\-]")  # nothing else may get into a header
READ_ONLY = ("id", "create_date", "update_date")  # of every object; who reads them writes them back


@dataclass
class Unknown:
    """What one request said in vain: name → the name that was meant, perhaps."""

    fields: dict[str, str | None] = field(default_factory=dict)
    parameters: dict[str, str | None] = field(default_factory=dict)

    def warning(self) -> str | None:
        """The value of a `Warning` header (RFC 7234 section 5.5), or None."""
        parts = [
            f"Unknown {kind} were ignored: {_listed(names)}"
            for kind, names in (("fields", self.fields), ("query parameters", self.parameters))
            if names
        ]
        return f'299 - "{"; ".join(parts)}"' if parts else None


_unknown: ContextVar[Unknown | None] = ContextVar("unknown", default=None)


@contextmanager
def collecting() -> Iterator[Unknown]:
    """Collect what the request that is handled meanwhile says in vain."""
    collected = Unknown()
    reset = _unknown.set(collected)
    try:
        yield collected
    finally:
        _unknown.reset(reset)


def report_fields(names: Iterable[str], known: Collection[str]) -> None:
    """Note fields of a body that are not among `known`."""
    if (collected := _unknown.get()) is not None:
        _add(collected.fields, names, known)


def report_parameters(names: Iterable[str], known: Collection[str]) -> None:
    """Note parameters of a query that are not among `known`."""
    if (collected := _unknown.get()) is not None:
        _add(collected.parameters, names, known)


def _add(collected: dict[str, str | None], names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if len(collected) > MAX_NAMES:  # one more than is shown says that there are more
            return
        shown = NOT_SHOWN.sub("?", name[:MAX_LENGTH])
        if name not in known and shown not in collected:
            match = get_close_matches(shown, known, n=1, cutoff=SIMILAR)
            collected[shown] = match[0] if match else None


def _listed(names: Mapping[str, str | None]) -> str:
    shown = [
        f"{name} (did you mean {meant}?)" if meant else name
        for name, meant in list(names.items())[:MAX_NAMES]
    ]
    return ", ".join(shown) + (", and more" if len(names) > MAX_NAMES else "")


class BodySerializer(serializers.Serializer[Any]):
    """What is written, at any depth of a body."""

    answered_only: tuple[str, ...] = READ_ONLY  # may come back as they were answered

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            given = (name for name, value in data.items() if value is not None)
            known = self.fields
            report_fields((name for name in given if name not in self.answered_only), known)
        return super().to_internal_value(data)


class ModelBodySerializer(BodySerializer, serializers.ModelSerializer[Any]):
    """The same for a row."""


def knowing_parameters(
    parameters: Iterable[OpenApiParameter | type[serializers.Serializer[Any]]],
) -> Callable[[Any], Any]:
    """Decorate a view's method with the names of the query parameters that it documents."""
    names: set[str] = set()
    for parameter in parameters:
        if not isinstance(parameter, OpenApiParameter):
            names.update(parameter().fields)
        elif parameter.location == OpenApiParameter.QUERY:
            names.add(parameter.name)

    def decorate(method: Any) -> Any:
        method.query_names = frozenset(names)
        return method

    return decorate
