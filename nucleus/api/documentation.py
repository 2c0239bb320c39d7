"""OpenAPI words shared by Nucleus's views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from nucleus.hydrogen import openapi_schemas
from nucleus.hydrogen.unknown_names import knowing_parameters


def documented(
    *,
    operation_id: str,
    summary: str,
    tags: Sequence[str],
    response: Any,
    status: int = 200,
    description: str = "",
    request: Any = None,
    parameters: Sequence[Any] = (),
    examples: Sequence[OpenApiExample] = (),
) -> Callable[[Any], Any]:
    """One operation's description; every operation can answer the shared errors."""
    errors = (
        openapi_schemas.ERRORS
        if request is None
        else openapi_schemas.ERRORS | openapi_schemas.WRITE_ERRORS
    )
    answers: dict[int, Any] = {
        code: OpenApiResponse(openapi_schemas.Error, description=words)
        for code, words in errors.items()
    }
    answers[status] = response or OpenApiResponse(description="Done.")
    schema = extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description or summary,
        tags=list(tags),
        parameters=list(parameters),
        request=request,
        responses=answers,
        examples=list(examples),
    )
    knowing = knowing_parameters(parameters)
    return lambda method: knowing(schema(method))
