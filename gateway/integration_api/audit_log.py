"""GET /audit_log: calls to vendors, and the gateway's own events such as erasures."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation
from gateway.integration_api.parsing import parse_query
from gateway.integration_api.schemas import INTEGRATION_TYPES, vendor_name
from integrations.models import AuditLog
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.fields import (
    IdField,
    InstantField,
    LenientBooleanField,
    LenientDayField,
    VocabularyField,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SORTABLE = ("id", "create_date", "update_date", "integration_type")
PARAMETERS = pages.parameters(AuditLog, SORTABLE, filterable=False)


class AuditQuery(serializers.Serializer[Any]):
    """The query parameters, besides those of paging."""

    start_date = LenientDayField(required=False, help_text="The first day, in UTC.")
    end_date = LenientDayField(required=False, help_text="The last day, in UTC, inclusive.")
    event = serializers.CharField(
        required=False, max_length=64, help_text="For example list_transactions, client_erased."
    )
    integration_type = VocabularyField(INTEGRATION_TYPES, required=False)
    is_request = LenientBooleanField(
        default=False,
        help_text="true: calls to a vendor only, without the gateway's own events.",
    )
    request_type = VocabularyField(METHODS, required=False, help_text="HTTP method of the call.")
    vendor_name = vendor_name()
    nucleus_client_id = IdField(required=False)
    nucleus_aggregation_account_id = IdField(required=False)


class AuditRequest(serializers.Serializer[Any]):
    """How the call was made."""

    attempt = serializers.IntegerField()
    request_id = serializers.CharField(help_text="The id of the API request or job that caused it.")


class AuditRow(serializers.Serializer[Any]):
    """One call to a vendor, or an event of the gateway's own. It has no bodies."""

    id = serializers.UUIDField()
    event = serializers.CharField()
    integration_type = serializers.CharField(allow_null=True)
    request_type = serializers.CharField()
    is_request = serializers.BooleanField(help_text="Whether it is a call to a vendor.")
    vendor_name = serializers.CharField(allow_null=True)
    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_aggregation_account_id = serializers.UUIDField(allow_null=True)
    request_url = serializers.CharField(help_text="The path, with placeholders instead of ids.")
    request = AuditRequest()
    response = serializers.DictField(
        help_text="duration_ms and error of a call; requested_by, outcome and counts of an erasure."
    )
    status_code = serializers.IntegerField(
        allow_null=True, help_text="null: there was no response."
    )
    create_date = InstantField()
    update_date = InstantField()


def _rendered(row: AuditLog) -> dict[str, Any]:
    call = {"duration_ms": row.duration_ms, "error": row.error or None}
    return {
        "id": row.id,
        "event": row.operation,
        "integration_type": row.integration_type or None,
        "request_type": row.method,
        "is_request": bool(row.vendor),
        "vendor_name": row.vendor or None,
        "nucleus_client_id": row.client_id,
        "nucleus_aggregation_account_id": row.aggregation_account_id,
        "request_url": row.path_template,
        "request": {"attempt": row.attempt, "request_id": row.request_id},
        "response": call if row.vendor else row.summary,
        "status_code": row.status,
        "create_date": row.create_date,
        "update_date": row.update_date,
    }


COLUMNS = {  # by query parameter
    "event": "operation",
    "integration_type": "integration_type",
    "vendor_name": "vendor",
    "nucleus_client_id": "client_id",
    "nucleus_aggregation_account_id": "aggregation_account_id",
}


def _rows(request: Request) -> QuerySet[AuditLog]:
    """The rows that the caller may see and that match the query."""
    caller, query = caller_of(request), parse_query(AuditQuery, request)
    rows = AuditLog.objects.filter(tenant=caller.tenant)
    if caller.client is not None:
        rows = rows.filter(client_id=caller.client.id)
    for name, column in COLUMNS.items():
        if name in query:
            rows = rows.filter(**{column: query[name]})
    if "request_type" in query:
        rows = rows.filter(method=query["request_type"])
    if query["is_request"]:
        rows = rows.exclude(vendor="")
    if "start_date" in query:  # both dates of a row are equal; update_date is indexed
        first = datetime.combine(query["start_date"], time.min, UTC)
        rows = rows.filter(update_date__gte=first)
    if "end_date" in query:
        rows = rows.filter(update_date__lte=datetime.combine(query["end_date"], time.max, UTC))
    return rows


class AuditLogsView(APIView):
    """List the tenant's rows; for a client token, those of its client."""

    @documentation.documented(
        operation_id="listIntegrationAuditLog",
        summary="List calls to vendors",
        description=(
            "One row for each HTTP exchange with a vendor, and the gateway's own events such as "
            "`client_erased`. Rows contain no bodies, secrets, account numbers or vendor ids. By "
            "default everything is listed; `is_request=true` omits the gateway's own events. Rows "
            "are kept for `RETENTION_AUDIT_DAYS`."
        ),
        tags=["Audit log"],
        parameters=[AuditQuery, *PARAMETERS],
        response=openapi_schemas.page_of(AuditRow),
    )
    def get(self, request: Request) -> Response:
        pages.refuse_filter(request.query_params, alternatives=AuditQuery().fields)
        rows = _rows(request)
        return Response(pages.page(rows, request.query_params, fields=SORTABLE, render=_rendered))
