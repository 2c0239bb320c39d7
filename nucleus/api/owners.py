"""What clients and businesses have in common: how they are created, changed and deactivated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request

from nucleus.caller import Caller, caller_of
from nucleus.hydrogen.fields import DigitsField, MetadataField
from nucleus.hydrogen.nested_serializers import MAX_PARTS, Address
from nucleus.hydrogen.renderers import Body
from nucleus.hydrogen.request_serializers import MAPPING
from nucleus.hydrogen.unknown_names import ModelBodySerializer
from nucleus.models import Owner
from nucleus.reads.visibility import visible_rows
from nucleus.writes.changes import save_changes
from nucleus.writes.owners import OwnerGone, create_owner, lock_owner


class OwnerBody(ModelBodySerializer):
    """A client or business as it is written; null is the same as left out."""

    serializer_field_mapping = MAPPING

    address = serializers.ListField(child=Address(), required=False, max_length=MAX_PARTS)
    metadata = MetadataField(required=False)
    identification_number = DigitsField(max_length=255, required=False, write_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerType:
    """One type of owner: its table, and how it is read, written and described.

    Attributes:
        name: as it appears in OpenAPI operation ids.
        label: the singular noun for messages and documentation; `plural` likewise.
        fields: the names that lists can be ordered by and filtered on, and that `render` reads.
        example: the body of a POST.
        create_description: what creation starts, for OpenAPI.
        update_description: what is special about a change, for OpenAPI.
        on_created: called with a new row, in its transaction.
        on_changed: called with a changed row and the names of its changed columns, likewise.
        tenant_fields: what a token confined to one client cannot change.
        tenant_fields_once_verified: what it cannot change either while the row is `is_verified`.
        check_confirmation: called with the caller, the row and the body before a change with such
            a token. Raises ValidationError or PermissionDenied.
        erase: erases a row for a caller; None if rows can only be deactivated.
    """

    model: type[Owner]
    name: str
    label: str
    plural: str
    body: type[OwnerBody]
    fields: tuple[str, ...]
    render: Callable[[Any], Body]
    schema: Any
    example: Body
    created_status: int = 200
    create_description: str = ""
    update_description: str = ""
    on_created: Callable[[Any], None] = lambda row: None
    on_changed: Callable[[Any, list[str]], None] = lambda row, names: None
    tenant_fields: tuple[str, ...] = ()
    tenant_fields_once_verified: tuple[str, ...] = ()
    check_confirmation: Callable[[Caller, Any, Body], None] = lambda caller, row, data: None
    erase: Callable[[Any, Caller], None] | None = None


def create(caller: Caller, owner_type: OwnerType, data: Any) -> Any:
    """Create a row from a request body.

    Raises:
        ValidationError: the body is wrong.
        PermissionDenied: the token is confined to one client.
    """
    if caller.client is not None:
        raise PermissionDenied(
            f"This token is confined to one client and cannot create {owner_type.plural}."
        )
    values = _validated(caller, owner_type, data)
    with transaction.atomic():
        row = create_owner(owner_type.model, tenant=caller.tenant, **values)
        owner_type.on_created(row)
    return row


def update(caller: Caller, owner_type: OwnerType, row: Any, data: Any) -> Any:
    """Write the fields of the body that differ from the row.

    Raises:
        ValidationError: the body is wrong, or the row is being erased.
        PermissionDenied: a client token would change a field that only the tenant may set.
    """
    if caller.client is not None:  # before an error can reveal anything about the row
        _check_may_change(
            caller, owner_type, row, _changed_tenant_fields(caller, owner_type, row, data)
        )
        owner_type.check_confirmation(caller, row, data)
    values = _validated(caller, owner_type, data, row)
    with transaction.atomic():
        row = _locked(owner_type, row)
        if row.is_being_erased:
            raise ValidationError(f"This {owner_type.label} is being erased and cannot be changed.")
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        # The tenant may have changed the row since the first check.
        _check_may_change(caller, owner_type, row, changed)
        if save_changes(row, values):
            owner_type.on_changed(row, changed)
    return row


def deactivate(caller: Caller, owner_type: OwnerType, row: Any) -> None:
    """Set `is_active` to false; the data stays. Idempotent. Raises PermissionDenied as `update`."""
    _check_may_change(caller, owner_type, row, ["is_active"])
    with transaction.atomic():
        save_changes(_locked(owner_type, row), {"is_active": False})


def _locked(owner_type: OwnerType, row: Any) -> Any:
    """The current row, locked until the transaction ends. Raises NotFound if it has been erased."""
    try:
        return lock_owner(row)
    except OwnerGone:
        raise _not_found(owner_type, row.pk) from None


def _not_found(owner_type: OwnerType, record_id: UUID) -> NotFound:
    return NotFound(f"There is no {owner_type.label} {record_id}.")


def _tenant_fields(owner_type: OwnerType, row: Any) -> tuple[str, ...]:
    """The fields that a token confined to one client cannot change."""
    if row.is_verified:
        return owner_type.tenant_fields + owner_type.tenant_fields_once_verified
    return owner_type.tenant_fields


def _check_may_change(caller: Caller, owner_type: OwnerType, row: Any, changed: list[str]) -> None:
    refused = [name for name in _tenant_fields(owner_type, row) if name in changed]
    if refused and caller.client is not None:
        raise PermissionDenied(
            f"This token is the client's own and cannot change {', '.join(refused)}"
            f"{' while the client is verified' if row.is_verified else ''}."
        )


def _changed_tenant_fields(caller: Caller, owner_type: OwnerType, row: Any, data: Any) -> list[str]:
    """The fields of the tenant that the body would change. An invalid value counts as a change."""
    body = _body(caller, owner_type, data, row)
    return [
        name
        for name in _tenant_fields(owner_type, row)
        if name in body.initial_data and _is_change(body.fields[name], body.initial_data[name], row)
    ]


def _is_change(field: serializers.Field[Any, Any, Any, Any], value: Any, row: Any) -> bool:
    if field.write_only:  # never in a response, so equality must not show either
        return True
    try:
        return bool(field.run_validation(value) != getattr(row, str(field.field_name)))
    except ValidationError:
        return True


def _validated(
    caller: Caller, owner_type: OwnerType, data: Any, instance: Any = None
) -> dict[str, Any]:
    body = _body(caller, owner_type, data, instance)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _body(caller: Caller, owner_type: OwnerType, data: Any, instance: Any) -> OwnerBody:
    """The request body, not yet validated; null is the same as left out."""
    if not isinstance(data, dict):
        raise ValidationError("The body must be a JSON object.")
    return owner_type.body(
        instance,
        data={name: value for name, value in data.items() if value is not None},
        partial=instance is not None,
        context={"caller": caller},
    )


def get_visible(request: Request, owner_type: OwnerType, record_id: UUID) -> Any:
    """The row of that id, if the caller may see it. Raises NotFound."""
    rows = visible_rows(caller_of(request), owner_type.model).filter(id=record_id)
    row = rows.select_related("tenant").first()
    if row is None:
        raise _not_found(owner_type, record_id)
    return row
