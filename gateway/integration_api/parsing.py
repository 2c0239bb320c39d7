"""From a request to typed values, in Hydrogen's manners: an explicit null is an absent value."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from nucleus.caller import caller_of
from nucleus.hydrogen.fields import uuid_of, without_nulls


def parsed(
    serializer: type[Serializer[Any]], request: Request, *, partial: bool = False
) -> dict[str, Any]:
    """The validated body. The SDKs send every field of a model, unset ones as null.

    Args:
        partial: nothing is required, as in a change.
    """
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object.")
    present = without_nulls(request.data)
    context = {"caller": caller_of(request)}
    checked = serializer(data=present, partial=partial, context=context)
    checked.is_valid(raise_exception=True)
    validated: dict[str, Any] = checked.validated_data
    return validated


def queried(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The validated query parameters; the text `None` is what an SDK makes of an unset one."""
    query = {
        name: value for name, value in request.query_params.items() if value not in ("", "None")
    }
    checked = serializer(data=query, context={"caller": caller_of(request)})
    checked.is_valid(raise_exception=True)
    validated: dict[str, Any] = checked.validated_data
    return validated


LIST_LIMIT = 100


def queried_list(request: Request, name: str) -> list[UUID]:
    """A list of ids in the query: repeated parameters, commas, or both."""
    texts = [
        text.strip()
        for value in request.query_params.getlist(name)
        for text in value.split(",")
        if text.strip() and text != "None"
    ]
    if not texts:
        raise ValidationError({name: ["Give at least one id; repeat the parameter for more."]})
    if len(texts) > LIST_LIMIT:
        raise ValidationError({name: [f"At most {LIST_LIMIT} ids in one call."]})
    ids = {text: uuid_of(text) for text in texts}
    for text, found in ids.items():
        if found is None:
            raise ValidationError({name: [f"Every id must be a UUID; {text[:40]!r} is none."]})
    return [found for text in texts if (found := ids[text])]
