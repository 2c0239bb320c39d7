"""Baselines: the gateway's requests as the leanest possible views, and as plain DRF views.

They are served by the same processes, from the same tables, behind the same middleware.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import orjson
import urllib3
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.contrib.rest_framework import OAuth2Authentication, TokenHasScope
from rest_framework import pagination, serializers, viewsets
from rest_framework.renderers import JSONRenderer

from gateway import urls
from gateway.access.models import AccessToken
from gateway.urls import handler400, handler403, handler404, handler500  # noqa: F401 - of a URLconf
from integrations import database_connections
from integrations.models import AccountLink, AggregationSettings, InboundWebhook
from nucleus.hydrogen import renderers
from nucleus.models import AggregationAccountBalance, AggregationAccountTransaction
from nucleus.models.ledger import BANK_CREDIT

COUNT_HEADER, COUNTED_HEADER = "X-Count-Queries", "X-Queries"
VENDOR_VARIABLE = "BENCHMARK_VENDOR"  # URL, user and password of the vendor for the lean pull
COLUMNS = (*renderers.TRANSACTION, *BANK_CREDIT)
PAGE = 25


class QueryCount:
    """Counts the queries of a request that asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if COUNT_HEADER not in request.headers:
            return self.get_response(request)
        count = 0

        def counting(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal count
            count += 1
            return execute(sql, params, many, context)

        with connection.execute_wrapper(counting):
            response = self.get_response(request)
        response[COUNTED_HEADER] = str(count)
        return response


def _tenant_id(request: HttpRequest) -> UUID:
    """The tenant of the token. Raises AccessToken.DoesNotExist."""
    value = request.headers["Authorization"].removeprefix("Bearer ")
    tokens = AccessToken.objects.filter(
        token_checksum=hashlib.sha256(value.encode()).hexdigest(),
        expires__gt=timezone.now(),
        application__is_active=True,
        application__tenant__is_active=True,
    )
    tenant_id: UUID = tokens.values_list("application__tenant_id", flat=True).get()
    return tenant_id


def _json(value: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(value, default=str), content_type="application/json")


def lean_list(request: HttpRequest) -> HttpResponse:
    """A token, a count, 25 rows as dicts and a fast encoder."""
    rows = AggregationAccountTransaction.objects.for_tenant(_tenant_id(request))
    rows = rows.filter(aggregation_account=UUID(request.GET["account"])).order_by(
        "-update_date", "id"
    )
    return _json({"total": rows.count(), "content": list(rows.values(*COLUMNS)[:PAGE])})


def lean_row(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A token, one row as a dict and a fast encoder."""
    rows = AggregationAccountTransaction.objects.for_tenant(_tenant_id(request))
    return _json(rows.filter(pk=pk).values(*COLUMNS).get())


def lean_pull(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A token, one call of the vendor and one comparison with the stored balance."""
    tenant_id = _tenant_id(request)
    links = AccountLink.objects.for_tenant(tenant_id).filter(aggregation_account=pk)
    user_id, account_id = links.values_list(
        "member__vendor_user__vendor_user_id", "vendor_account_id"
    ).get()
    pool, base_url, headers = _vendor()
    database_connections.release()
    response = pool.request(
        "GET", f"{base_url}/users/{user_id}/accounts/{account_id}", headers=headers
    )
    balance = orjson.loads(response.data)["account"]["balance"]
    rows = AggregationAccountBalance.objects.for_tenant(tenant_id).filter(aggregation_account=pk)
    stored = rows.order_by("-balance_time_stamp").values(*renderers.BALANCE)[0]
    return _json({"balance": stored, "is_new": Decimal(str(balance)) != stored["balance"]})


@cache
def _vendor() -> tuple[urllib3.PoolManager, str, dict[str, str]]:
    base_url, user, password, accept, version = os.environ[VENDOR_VARIABLE].split(" ")
    headers = urllib3.make_headers(basic_auth=f"{user}:{password}")
    pool = urllib3.PoolManager(maxsize=256, retries=False, timeout=30)
    return pool, base_url, headers | {"Accept": accept, "Accept-Version": version}


@csrf_exempt
def lean_webhook(request: HttpRequest, webhook_path: str) -> HttpResponse:
    """The settings of the path, a comparison of secrets and one stored row."""
    settings = AggregationSettings.unscoped.only("tenant_id", "webhook_user", "webhook_secret")
    row = settings.get(webhook_path=webhook_path)
    expected = base64.b64encode(f"{row.webhook_user}:{row.webhook_secret}".encode()).decode()
    if not hmac.compare_digest(request.headers["Authorization"], f"Basic {expected}"):
        return HttpResponse(status=401)
    digest = hashlib.sha256(request.body).hexdigest()
    stored = InboundWebhook.objects.create(
        tenant_id=row.tenant_id, vendor="mx", body=request.body.decode(), digest=digest
    )
    return HttpResponse(orjson.dumps({"id": stored.pk}), status=202)


class TransactionSerializer(serializers.ModelSerializer[AggregationAccountTransaction]):
    class Meta:
        model = AggregationAccountTransaction
        fields = "__all__"


class Pages(pagination.PageNumberPagination):
    page_size = PAGE


class PlainView(viewsets.ReadOnlyModelViewSet[AggregationAccountTransaction]):
    """DRF and the OAuth library, without anything of the gateway's."""

    authentication_classes = [OAuth2Authentication]
    permission_classes = [TokenHasScope]
    required_scopes = ["read"]
    renderer_classes = [JSONRenderer]
    serializer_class = TransactionSerializer
    pagination_class = Pages
    schema = None

    def get_queryset(self) -> Any:
        tenant_id = self.request.auth.application.tenant_id
        rows = AggregationAccountTransaction.objects.for_tenant(tenant_id)
        if account_id := self.request.GET.get("account"):
            rows = rows.filter(aggregation_account=UUID(account_id))
        return rows.order_by("-update_date", "id")


urlpatterns = [
    path("lean/transaction", lean_list),
    path("lean/transaction/<uuid:pk>", lean_row),
    path("lean/balance/<uuid:pk>", lean_pull),
    path("lean/webhooks/mx/<str:webhook_path>", lean_webhook),
    path("plain/transaction", PlainView.as_view({"get": "list"})),
    path("plain/transaction/<uuid:pk>", PlainView.as_view({"get": "retrieve"})),
    *urls.urlpatterns,
]
