"""Turns requests into typed values. As in Hydrogen's API, an explicit null is an absent value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from nucleus.caller import caller_of
from nucleus.hydrogen import pages
from nucleus.hydrogen.fields import uuid_of
from nucleus.hydrogen.unset_values import is_unset, without_nulls

R = TypeVar("R", bound=Model)


def filter_rows(
    rows: QuerySet[R],
    serializer: type[Serializer[Any]],
    request: Request,
    *,
    columns: Mapping[str, str],
    values: Mapping[str, Callable[[Any], Any]] | None = None,
) -> QuerySet[R]:
    """The rows that the query parameters of a list ask for. Raises ValidationError.

    Args:
        serializer: of the query parameters, besides those of paging.
        columns: column, or lookup of one, by query parameter.
        values: what the column is compared with, by query parameter, where that is not its value.
    """
    pages.refuse_filter(request.query_params, alternatives=columns)
    query = parse_query(serializer, request)
    for name in (values or {}).keys() & query.keys():
        query[name] = (values or {})[name](query[name])
    return rows.filter(**{columns[name]: value for name, value in query.items()})


def parse_body(
    serializer: type[Serializer[Any]], request: Request, *, partial: bool = False
) -> dict[str, Any]:
    """The validated body without its nulls: the SDKs send unset fields of a model as null.

    Args:
        partial: no field is required, as in a PUT.

    Raises ValidationError.
    """
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object.")
    present = without_nulls(request.data)
    context = {"caller": caller_of(request)}
    checked = serializer(data=present, partial=partial, context=context)
    checked.is_valid(raise_exception=True)
    validated: dict[str, Any] = checked.validated_data
    return validated


def parse_query(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The validated query parameters; without those that SDKs leave unset.

    Raises ValidationError.
    """
    query = {name: value for name, value in request.query_params.items() if not is_unset(value)}
    checked = serializer(data=query, context={"caller": caller_of(request)})
    checked.is_valid(raise_exception=True)
    validated: dict[str, Any] = checked.validated_data
    return validated


MAX_IDS = 100


def parse_id_list(request: Request, name: str) -> list[UUID]:
    """The ids in a query parameter that is repeated, separated by commas, or both.

    Raises ValidationError for none, for more than MAX_IDS, and for anything that is no UUID.
    """
    texts = [
        text.strip()
        for value in request.query_params.getlist(name)
        for text in value.split(",")
        if text.strip() and not is_unset(text)
    ]
    if not texts:
        raise ValidationError({name: ["Send at least one id; repeat the parameter for more."]})
    if len(texts) > MAX_IDS:
        raise ValidationError({name: [f"Send at most {MAX_IDS} ids per request."]})
    ids = {text: uuid_of(text) for text in texts}
    for text, value in ids.items():
        if value is None:
            raise ValidationError({name: [f"{text[:40]!r} is not a UUID."]})
    return [value for text in texts if (value := ids[text])]


def check_parameters(request: Request, allowed: frozenset[str]) -> None:
    """Refuse query parameters with other names. Raises ValidationError, with the known names."""
    unknown = [name for name in request.query_params if name not in allowed]
    if unknown:
        message = f"There is no such parameter. Use {', '.join(sorted(allowed))}."
        raise ValidationError({name[:100]: [message] for name in unknown[:10]})
