"""The OpenAPI description of one operation, for the views of both APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    status: int | None = None,
    description: str = "",
    request: Any = None,
    parameters: Sequence[Any] = (),
    examples: Sequence[OpenApiExample] = (),
    errors: Mapping[int, str] = openapi_schemas.ERRORS,
) -> Callable[[Any], Any]:
    """Decorate a view's method with its OpenAPI description and the query parameters it reads.

    Args:
        response: serializer of the body of a success; None if it has no body.
        status: of a success; by default 204 without a body, else 200.
        parameters: of the path and query, each an OpenApiParameter or a serializer of several.
        errors: status → description of the errors that any request can get. Requests with a body
            get openapi_schemas.WRITE_ERRORS too.
    """
    if request is not None:
        errors = openapi_schemas.WRITE_ERRORS | dict(errors)
    responses: dict[int, Any] = {
        code: OpenApiResponse(openapi_schemas.Error, description=text)
        for code, text in sorted(errors.items())
    }
    success = status or (204 if response is None else 200)
    responses[success] = response or OpenApiResponse(description="Done.")
    describe = extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description or summary,
        tags=list(tags),
        parameters=list(parameters),
        request=request,
        responses=responses,
        examples=list(examples),
    )
    name_parameters = knowing_parameters(parameters)
    return lambda method: name_parameters(describe(method))
