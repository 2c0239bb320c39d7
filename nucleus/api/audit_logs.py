"""/audit_log: the tenant's own audit log; entries are added and read, never changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, example_request, example_response
from nucleus.hydrogen.fields import (
    IdField,
    InstantField,
    LongTextField,
    PlainTextField,
    WebUrlField,
)
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.unknown_names import BodySerializer
from nucleus.models import AuditLog, Tenant
from nucleus.writes.audit_logs import add_audit_log

TAG = ["Audit log"]
ID_LISTS = (
    "account_ids", "aggregation_account_ids", "allocation_ids", "client_ids", "goal_ids",
    "model_ids", "portfolio_ids", "security_ids",
)  # fmt: skip
FIELDS = (
    "id", "request_url", "request", "response", *ID_LISTS, "secondary_id", "metadata",
    "create_date", "update_date",
)  # fmt: skip
MAX_IDS, MAX_TEXT_LENGTH = 100, 50_000
EXAMPLE = {
    "request_url": "https://app.demo.example/consents",
    "request": "terms of 2026-11",
    "response": "accepted",
    "client_ids": ["1b2ab3ef-32cd-4cb0-a5a7-8e7f1d1d1b31"],
}


class AuditLogBody(BodySerializer):
    """An entry as it is written; null is the same as left out."""

    request_url = WebUrlField(absolute=False)
    request = LongTextField(max_length=MAX_TEXT_LENGTH, required=False, allow_blank=True)
    response = LongTextField(max_length=MAX_TEXT_LENGTH, allow_blank=True)
    secondary_id = PlainTextField(max_length=255, required=False)
    metadata = serializers.DictField(child=LongTextField(max_length=2000), required=False)

    def get_fields(self) -> dict[str, Any]:
        ids = {
            name: serializers.ListField(child=IdField(), required=False, max_length=MAX_IDS)
            for name in ID_LISTS
        }
        return super().get_fields() | ids


class AuditLogEntry(AuditLogBody):
    """An entry."""

    id = serializers.UUIDField()
    request = LongTextField(allow_null=True)
    secondary_id = PlainTextField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


def _tenant(request: Request) -> Tenant:
    """The caller's tenant. Entries may name several clients, so client tokens are refused."""
    caller = caller_of(request)
    if caller.client is not None:
        raise PermissionDenied("This token is confined to one client; the audit log is not.")
    return caller.tenant


def _rows(request: Request) -> QuerySet[AuditLog]:
    return AuditLog.objects.for_tenant(_tenant(request))


def _render(row: AuditLog) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


EXAMPLE_RESPONSE = example_response(_render(AuditLog(**STORED, **EXAMPLE)))


class AuditLogsView(APIView):
    """Add and list."""

    @documented(
        operation_id="createAuditLog",
        summary="Add an entry to the audit log",
        description=(
            "Your own log of what your applications did. Entries cannot be changed or deleted; "
            "erasing a client removes the content of those that name it in `client_ids`."
        ),
        tags=TAG,
        request=AuditLogBody,
        response=AuditLogEntry,
        examples=[example_request("A consent that was given", EXAMPLE), EXAMPLE_RESPONSE],
    )
    def post(self, request: Request) -> Response:
        tenant = _tenant(request)
        if not isinstance(request.data, dict):
            raise ValidationError("The body must be a JSON object.")
        present = {name: value for name, value in request.data.items() if value is not None}
        body = AuditLogBody(data=present)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        for name in ID_LISTS:
            values[name] = [str(record_id) for record_id in values.get(name, [])]
        return Response(_render(add_audit_log(tenant=tenant, **values)))

    @documented(
        operation_id="listAuditLog",
        summary="List the audit log",
        tags=TAG,
        parameters=pages.parameters(AuditLog, FIELDS),
        response=openapi_schemas.page_of(AuditLogEntry),
    )
    def get(self, request: Request) -> Response:
        rows = _rows(request)
        return Response(pages.page(rows, request.query_params, fields=FIELDS, render=_render))


class AuditLogView(APIView):
    """One entry."""

    @documented(
        operation_id="getAuditLog",
        summary="Read one entry of the audit log",
        tags=TAG,
        response=AuditLogEntry,
        examples=[EXAMPLE_RESPONSE],
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        row = _rows(request).filter(id=record_id).first()
        if row is None:
            raise NotFound(f"There is no audit log entry {record_id}.")
        return Response(_render(row))
