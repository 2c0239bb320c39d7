"""What /client and /business have in common: create, list, read, update, deactivate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api.documentation import documented
from nucleus.models import Owner
from nucleus.wire import pages, schemas
from nucleus.wire.caller import caller_of, visible_owners

READ_ONLY = ("id", "create_date", "update_date")
MOST_PARTS = 50  # addresses, owners, words of one row


class Address(serializers.Serializer):
    """Where a client or business lives or works."""

    address_line1 = serializers.CharField(max_length=255)
    address_line2 = serializers.CharField(max_length=255, required=False, allow_null=True)
    city = serializers.CharField(max_length=255)
    state = serializers.CharField(max_length=255)
    postalcode = serializers.CharField(max_length=64, required=False, allow_null=True)
    country = serializers.CharField(max_length=64)
    type = serializers.CharField(max_length=64)
    is_primary = serializers.BooleanField(required=False, allow_null=True)


class OwnerBody(serializers.ModelSerializer):
    """A client or business as it is written; null is the same as left out."""

    address = serializers.ListField(child=Address(), required=False, max_length=MOST_PARTS)
    metadata = serializers.DictField(child=serializers.CharField(max_length=2000), required=False)
    identification_number = serializers.CharField(max_length=255, required=False, write_only=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of owner and how it is written and shown."""

    model: type[Owner]
    name: str  # in OpenAPI operation ids
    words: str
    words_for_many: str
    body: type[OwnerBody]
    fields: tuple[str, ...]  # that may be ordered by and filtered on
    render: Callable[[Any], dict[str, Any]]
    schema: Any
    example: OpenApiExample
    created_status: int = 200
    creation: str = ""  # what follows from it, for OpenAPI
    created: Callable[[Any], None] = lambda row: None


def _checked(request: Request, kind: Kind, instance: Any = None) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object.")
    body = kind.body(
        instance,
        data={name: value for name, value in request.data.items() if value is not None},
        partial=instance is not None,
        context={"caller": caller_of(request)},
    )
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def found(request: Request, kind: Kind, record_id: UUID) -> Any:
    """The caller's row of that id. Raises NotFound."""
    rows = visible_owners(caller_of(request), kind.model).filter(id=record_id)
    row = rows.select_related("tenant").first()
    if row is None:
        raise NotFound(f"There is no {kind.words} {record_id}.")
    return row


def views(kind: Kind) -> tuple[type[APIView], type[APIView]]:
    """The views of a kind: all of them, and one by id."""
    tag = [kind.name]

    class Several(APIView):
        @documented(
            operation_id=f"create{kind.name}",
            summary=f"Create a {kind.words}",
            description=kind.creation,
            tags=tag,
            request=kind.body,
            response=kind.schema,
            status=kind.created_status,
            examples=[kind.example],
        )
        def post(self, request: Request) -> Response:
            caller = caller_of(request)
            if caller.client is not None:
                raise PermissionDenied(
                    f"This token reaches one client only and cannot create {kind.words_for_many}."
                )
            values = _checked(request, kind)
            with transaction.atomic():
                row = kind.model(tenant=caller.tenant, **values)
                row.save(force_insert=True)
                kind.created(row)
            return Response(kind.render(row), status=kind.created_status)

        @documented(
            operation_id=f"list{kind.name}",
            summary=f"List {kind.words_for_many}",
            tags=tag,
            parameters=pages.PARAMETERS,
            response=schemas.page_of(kind.schema),
        )
        def get(self, request: Request) -> Response:
            rows = visible_owners(caller_of(request), kind.model)
            return Response(
                pages.page(rows, request.query_params, fields=kind.fields, render=kind.render)
            )

    class One(APIView):
        @documented(
            operation_id=f"get{kind.name}",
            summary=f"Read a {kind.words}",
            tags=tag,
            response=kind.schema,
        )
        def get(self, request: Request, record_id: UUID) -> Response:
            return Response(kind.render(found(request, kind, record_id)))

        @documented(
            operation_id=f"update{kind.name}",
            summary=f"Update a {kind.words}",
            description="Only what is given changes; null is the same as left out.",
            tags=tag,
            request=kind.body(partial=True),
            response=kind.schema,
        )
        def put(self, request: Request, record_id: UUID) -> Response:
            row = found(request, kind, record_id)
            values = _checked(request, kind, row)
            changed = [name for name, value in values.items() if getattr(row, name) != value]
            for name in changed:
                setattr(row, name, values[name])
            if changed:
                row.save(update_fields=[*changed, "update_date"])
            return Response(kind.render(row))

        @documented(
            operation_id=f"delete{kind.name}",
            summary=f"Deactivate a {kind.words}",
            description="Sets `is_active` to false; the data stays.",
            tags=tag,
            response=None,
            status=204,
        )
        def delete(self, request: Request, record_id: UUID) -> Response:
            row = found(request, kind, record_id)
            if row.is_active:
                row.is_active = False
                row.save(update_fields=["is_active", "update_date"])
            return Response(status=204)

    return Several, One
