"""What /client and /business have in common: create, list, read, update, deactivate, erase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.caller import Caller, caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, answered, changed, written
from nucleus.hydrogen.fields import DigitsField, MetadataField
from nucleus.hydrogen.nested_serializers import MOST_PARTS, Address
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.request_serializers import MAPPING
from nucleus.hydrogen.unknown_names import ModelBodySerializer
from nucleus.models import Owner
from nucleus.reads.visibility import visible_rows
from nucleus.writes.changes import save_changes

KEEP, ERASE = "keep", "delete"
NUCLEUS_DATA = OpenApiParameter(
    "nucleus_data",
    OpenApiTypes.STR,
    enum=[KEEP, ERASE],
    description="`delete` erases the client; the default keeps its data.",
)
ERASURE = (
    " With `nucleus_data=delete` the client is erased as well: a job deletes its user at the "
    "vendor, with all connections, and everything that is kept about it here. That cannot be "
    "undone. The client answers 404 once it is gone; the integration audit log then says "
    "`client_erased`."
)


class OwnerBody(ModelBodySerializer):
    """A client or business as it is written; null is the same as left out."""

    serializer_field_mapping = MAPPING

    address = serializers.ListField(child=Address(), required=False, max_length=MOST_PARTS)
    metadata = MetadataField(required=False)
    identification_number = DigitsField(max_length=255, required=False, write_only=True)


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
    example: dict[str, Any]
    created_status: int = 200
    creation: str = ""  # what follows from it, for OpenAPI
    change: str = ""  # what is special about it, for OpenAPI
    created: Callable[[Any], None] = lambda row: None
    tenants_own: tuple[str, ...] = ()  # what a token of one client cannot change about it
    tenants_own_once_verified: tuple[str, ...] = ()  # the same, while it is `is_verified`
    confirm: Callable[[Caller, Any, dict[str, Any]], None] = lambda caller, row, data: None
    changed: Callable[[Any, list[str]], None] = lambda row, names: None
    erase: Callable[[Any, Caller], None] | None = None


def create(caller: Caller, kind: Kind, data: Any) -> Any:
    """A new row out of a body. Raises ValidationError, and PermissionDenied for confined tokens."""
    if caller.client is not None:
        raise PermissionDenied(
            f"This token reaches one client only and cannot create {kind.words_for_many}."
        )
    values = _checked(caller, kind, data)
    with transaction.atomic():
        row = kind.model(tenant=caller.tenant, **values)
        row.save(force_insert=True)
        kind.created(row)
    return row


def update(caller: Caller, kind: Kind, row: Any, data: Any) -> Any:
    """Change what is given; nothing is written when that is what it was.

    Raises ValidationError, and PermissionDenied where a client would change what it is judged by.
    """
    if caller.client is not None:  # before anything else is said about what it sent
        _check_may_change(caller, kind, row, _differing(caller, kind, row, data))
        kind.confirm(caller, row, data)
    values = _checked(caller, kind, data, row)
    with transaction.atomic():
        row = _held(kind, row)
        if row.is_being_erased:
            words = f"This {kind.words} is being erased and cannot be changed any more."
            raise ValidationError(words)
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        _check_may_change(caller, kind, row, changed)  # the tenant may have changed it meanwhile
        if save_changes(row, values):
            kind.changed(row, changed)
    return row


def deactivate(caller: Caller, kind: Kind, row: Any) -> None:
    """The data stays; doing it twice changes nothing. Raises PermissionDenied as `update`."""
    _check_may_change(caller, kind, row, ["is_active"])
    with transaction.atomic():
        save_changes(_held(kind, row), {"is_active": False})


def _held(kind: Kind, row: Any) -> Any:
    """The row as it is now, locked until the transaction ends. Raises NotFound: it was erased."""
    rows = kind.model.objects.for_tenant(row.tenant_id).select_for_update()
    held = rows.filter(pk=row.pk).first()
    if held is None:
        raise _missing(kind, row.pk)
    return held


def _missing(kind: Kind, record_id: UUID) -> NotFound:
    return NotFound(f"There is no {kind.words} {record_id}.")


def _tenants_own(kind: Kind, row: Any) -> tuple[str, ...]:
    """What of the row is not for a token of one client to change."""
    return kind.tenants_own + (kind.tenants_own_once_verified if row.is_verified else ())


def _check_may_change(caller: Caller, kind: Kind, row: Any, changed: list[str]) -> None:
    refused = [name for name in _tenants_own(kind, row) if name in changed]
    if refused and caller.client is not None:
        raise PermissionDenied(
            f"This token is the client's own and cannot change {', '.join(refused)}"
            f"{' while the client is verified' if row.is_verified else ''}."
        )


def _differing(caller: Caller, kind: Kind, row: Any, data: Any) -> list[str]:
    """What of the tenant's own the body would change; what cannot be read is a change, too."""
    body = _body(caller, kind, data, row)
    return [
        name
        for name in _tenants_own(kind, row)
        if name in body.initial_data and _differs(body.fields[name], body.initial_data[name], row)
    ]


def _differs(field: serializers.Field, given: Any, row: Any) -> bool:
    if field.write_only:  # it is never answered, so it must not be found out by trying, either
        return True
    try:
        return bool(field.run_validation(given) != getattr(row, str(field.field_name)))
    except ValidationError:
        return True


def _checked(caller: Caller, kind: Kind, data: Any, instance: Any = None) -> dict[str, Any]:
    body = _body(caller, kind, data, instance)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _body(caller: Caller, kind: Kind, data: Any, instance: Any) -> OwnerBody:
    """The body, not yet looked into."""
    if not isinstance(data, dict):
        raise ValidationError("The body must be a JSON object.")
    return kind.body(
        instance,
        data={name: value for name, value in data.items() if value is not None},
        partial=instance is not None,
        context={"caller": caller},
    )


def found(request: Request, kind: Kind, record_id: UUID) -> Any:
    """The caller's row of that id. Raises NotFound."""
    rows = visible_rows(caller_of(request), kind.model).filter(id=record_id)
    row = rows.select_related("tenant").first()
    if row is None:
        raise _missing(kind, record_id)
    return row


def _erases(request: Request) -> bool:
    """Whether a deletion is about the data, too."""
    chosen = request.query_params.get("nucleus_data", KEEP)
    if chosen in ("", "None", KEEP):
        return False
    if chosen != ERASE:
        raise ValidationError({"nucleus_data": [f"Use {KEEP} or {ERASE}."]})
    return True


def views(kind: Kind) -> tuple[type[APIView], type[APIView]]:
    """The views of a kind: all of them, and one by id."""
    tag = [kind.name]
    answer = answered(kind.render(kind.model(**STORED, **kind.example)))
    update_words = (
        f"Only what is given changes; null is the same as left out. {kind.change}".strip()
    )
    delete_words = "Sets `is_active` to false; the data stays."
    if kind.erase:
        delete_words += ERASURE

    class Several(APIView):
        @documented(
            operation_id=f"create{kind.name}",
            summary=f"Create a {kind.words}",
            description=kind.creation,
            tags=tag,
            request=kind.body,
            response=kind.schema,
            status=kind.created_status,
            examples=[written(kind.words.capitalize(), kind.example), answer],
        )
        def post(self, request: Request) -> Response:
            row = create(caller_of(request), kind, request.data)
            return Response(kind.render(row), status=kind.created_status)

        @documented(
            operation_id=f"list{kind.name}",
            summary=f"List {kind.words_for_many}",
            tags=tag,
            parameters=pages.parameters(kind.model, kind.fields),
            response=openapi_schemas.page_of(kind.schema),
        )
        def get(self, request: Request) -> Response:
            rows = visible_rows(caller_of(request), kind.model)
            return Response(
                pages.page(rows, request.query_params, fields=kind.fields, render=kind.render)
            )

    class One(APIView):
        @documented(
            operation_id=f"get{kind.name}",
            summary=f"Read a {kind.words}",
            tags=tag,
            response=kind.schema,
            examples=[answer],
        )
        def get(self, request: Request, record_id: UUID) -> Response:
            return Response(kind.render(found(request, kind, record_id)))

        @documented(
            operation_id=f"update{kind.name}",
            summary=f"Update a {kind.words}",
            description=update_words,
            tags=tag,
            request=kind.body(partial=True),
            response=kind.schema,
            examples=[written("One of its members", changed(kind.example)), answer],
        )
        def put(self, request: Request, record_id: UUID) -> Response:
            row = found(request, kind, record_id)
            return Response(kind.render(update(caller_of(request), kind, row, request.data)))

        @documented(
            operation_id=f"delete{kind.name}",
            summary=f"Deactivate{' or erase' if kind.erase else ''} a {kind.words}",
            description=delete_words,
            tags=tag,
            parameters=[NUCLEUS_DATA] if kind.erase else [],
            response=None,
            status=204,
        )
        def delete(self, request: Request, record_id: UUID) -> Response:
            caller, row = caller_of(request), found(request, kind, record_id)
            if kind.erase is None or not _erases(request):
                deactivate(caller, kind, row)
                return Response(status=204)
            if caller.client is not None:
                raise PermissionDenied("This token is confined to one client and cannot erase it.")
            kind.erase(row, caller)
            return Response(status=204)

    return Several, One
