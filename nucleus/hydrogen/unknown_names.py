"""Unknown fields and query parameters: ignored, but named in the response.

SDKs send whole objects and new versions send new fields, so an unknown name is no error; most of
them are typing errors nevertheless. Serializers of bodies derive from `BodySerializer` or
`ModelBodySerializer` and report names that they do not know; the gateway's middleware collects them
into a `Warning` header.
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

MAX_NAMES, MAX_NAME_LENGTH = 10, 40  # shown of each kind, and of each name
SIMILAR = 0.5  # of difflib's ratio: frist and first_name have 0.53
NOT_SHOWN = re.compile(r"[^A-Za-z0-9_.\-]")  # other characters must not get into a header
READ_ONLY = (
    "id",
    "create_date",
    "update_date",
)  # of every object; callers may send back what they read


@dataclass
class UnknownNames:
    """The unknown names of one request, each with the similar name that was probably meant."""

    fields: dict[str, str | None] = field(default_factory=dict)
    parameters: dict[str, str | None] = field(default_factory=dict)

    def warning(self) -> str | None:
        """The value of a `Warning` header (RFC 7234 section 5.5), or None."""
        parts = [
            f"Unknown {kind} were ignored: {_enumerated(names)}"
            for kind, names in (("fields", self.fields), ("query parameters", self.parameters))
            if names
        ]
        return f'299 - "{"; ".join(parts)}"' if parts else None


_unknown: ContextVar[UnknownNames | None] = ContextVar("unknown", default=None)


@contextmanager
def collecting() -> Iterator[UnknownNames]:
    """Collect the unknown names of the request that is handled in the `with` block."""
    collected = UnknownNames()
    reset = _unknown.set(collected)
    try:
        yield collected
    finally:
        _unknown.reset(reset)


def report_fields(names: Iterable[str], known_names: Collection[str]) -> None:
    """Note fields of a body that are not among `known_names`."""
    if (collected := _unknown.get()) is not None:
        _add(collected.fields, names, known_names)


def report_parameters(names: Iterable[str], known_names: Collection[str]) -> None:
    """Note parameters of a query that are not among `known_names`."""
    if (collected := _unknown.get()) is not None:
        _add(collected.parameters, names, known_names)


def _add(
    collected: dict[str, str | None], names: Iterable[str], known_names: Collection[str]
) -> None:
    for name in names:
        if len(collected) > MAX_NAMES:  # one more than is shown says that there are more
            return
        shown = NOT_SHOWN.sub("?", name[:MAX_NAME_LENGTH])
        if name not in known_names and shown not in collected:
            match = get_close_matches(shown, known_names, n=1, cutoff=SIMILAR)
            collected[shown] = match[0] if match else None


def _enumerated(names: Mapping[str, str | None]) -> str:
    shown = [
        f"{name} (did you mean {similar}?)" if similar else name
        for name, similar in list(names.items())[:MAX_NAMES]
    ]
    return ", ".join(shown) + (", and more" if len(names) > MAX_NAMES else "")


class BodySerializer(serializers.Serializer[Any]):
    """An object in a request, at any depth of its body; reports members that it does not know."""

    read_only_names: tuple[str, ...] = READ_ONLY  # accepted without a warning, and ignored

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            names = (
                name
                for name, value in data.items()
                if value is not None and name not in self.read_only_names
            )
            report_fields(names, self.fields)
        return super().to_internal_value(data)


class ModelBodySerializer(BodySerializer, serializers.ModelSerializer[Any]):
    """A record in a request."""


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
