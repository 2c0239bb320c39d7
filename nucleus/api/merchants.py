"""/resource/merchant: the businesses that transactions name.

Its page is not that of other lists: `sort` is an object, and `empty` and `pageable` are there
(contract section 7).
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import records
from nucleus.api.documentation import documented
from nucleus.models import AggregationAccountTransaction
from nucleus.models import Merchant as MerchantRow
from nucleus.wire import pages, schemas
from nucleus.wire.caller import caller_of
from nucleus.wire.fields import InstantField
from nucleus.wire.objects import Body

TRANSACTIONS = next(kind for kind in records.KINDS if kind.model is AggregationAccountTransaction)
FIELDS = ("id", "name", "logo_url", "website_url", "create_date", "update_date")


class Merchant(serializers.Serializer):
    """A business; `guid` is the key under which the vendor knows it."""

    id = serializers.UUIDField()
    guid = serializers.CharField()
    name = serializers.CharField()
    logo_url = serializers.CharField(allow_null=True)
    website_url = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class Pageable(serializers.Serializer):
    """Which page of how many rows was asked for."""

    offset = serializers.IntegerField(help_text="Rows before the page.")
    page_number = serializers.IntegerField(help_text="0-based.")
    page_size = serializers.IntegerField()
    paged = serializers.BooleanField()
    unpaged = serializers.BooleanField()
    sort = schemas.Sort()


class PageMerchant(schemas.page_of(Merchant)):  # type: ignore[misc]
    """A page of merchants; its `sort` is one object."""

    sort = schemas.Sort()
    empty = serializers.BooleanField()
    pageable = Pageable()


def _merchant(row: MerchantRow) -> Body:
    return {name: getattr(row, name) for name in FIELDS} | {"guid": row.source_id}


def visible(request: Request) -> QuerySet[MerchantRow]:
    """All of them; for a token of one client, those that its own transactions name.

    The others would tell it where the tenant's other clients shop.
    """
    rows = MerchantRow.objects.all()
    if caller_of(request).client is None:
        return rows
    own = records.visible(request, TRANSACTIONS).exclude(merchant_id=None)
    return rows.filter(pk__in=own.values("merchant_id"))


class MerchantsView(APIView):
    """Merchants that transactions name."""

    @documented(
        operation_id="listMerchant",
        summary="List merchants",
        description=(
            "The businesses that transactions of any tenant have named; with a token of one "
            "client, those of its own."
        ),
        tags=["Resource"],
        parameters=pages.parameters(MerchantRow, FIELDS, order_by="id"),
        response=PageMerchant,
    )
    def get(self, request: Request) -> Response:
        page: dict[str, Any] = pages.page(
            visible(request),
            request.query_params,
            fields=FIELDS,
            render=_merchant,
            order_by="id",
        )
        (sort,) = page["sort"]
        pageable = {
            "offset": page["number"] * page["size"],
            "page_number": page["number"],
            "page_size": page["size"],
            "paged": True,
            "unpaged": False,
            "sort": sort,
        }
        empty = page["number_of_elements"] == 0
        return Response(page | {"sort": sort, "empty": empty, "pageable": pageable})
