"""/resource/merchant: the businesses that transactions name.

Its page is not that of other lists: `sort` is an object, and `empty` and `pageable` are there
(docs/hydrogen-contract.md#nucleus-endpoints).
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.fields import InstantField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.renderers import Body
from nucleus.models import Merchant as MerchantRow
from nucleus.reads.visibility import visible_rows

FIELDS = ("id", "name", "logo_url", "website_url", "create_date", "update_date")


class Merchant(serializers.Serializer[Any]):
    """A business; `guid` is the key under which the vendor knows it."""

    id = serializers.UUIDField()
    guid = serializers.CharField()
    name = serializers.CharField()
    logo_url = serializers.CharField(allow_null=True)
    website_url = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class Pageable(serializers.Serializer[Any]):
    """Which page of how many rows was asked for."""

    offset = serializers.IntegerField(help_text="Rows before the page.")
    page_number = serializers.IntegerField(help_text="0-based.")
    page_size = serializers.IntegerField()
    paged = serializers.BooleanField()
    unpaged = serializers.BooleanField()
    sort = openapi_schemas.Sort()


class PageMerchant(openapi_schemas.page_of(Merchant)):  # type: ignore[misc]
    """A page of merchants; its `sort` is one object."""

    sort = openapi_schemas.Sort()
    empty = serializers.BooleanField()
    pageable = Pageable()


def _merchant(row: MerchantRow) -> Body:
    return {name: getattr(row, name) for name in FIELDS} | {"guid": row.source_id}


class MerchantsView(APIView):
    """Merchants that transactions name."""

    @documented(
        operation_id="listMerchant",
        summary="List merchants",
        description=(
            "The businesses that your transactions name; with a token of one client, those of "
            "its own."
        ),
        tags=["Resource"],
        parameters=pages.parameters(MerchantRow, FIELDS, order_by="id"),
        response=PageMerchant,
    )
    def get(self, request: Request) -> Response:
        page: dict[str, Any] = pages.page(
            visible_rows(caller_of(request), MerchantRow),
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
