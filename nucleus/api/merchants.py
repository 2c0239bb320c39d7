"""/resource/merchant: the businesses that transactions name.

Its page is not that of other lists: `sort` is an object, and `empty` and `pageable` are there
(contract section 7).
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api.documentation import documented
from nucleus.models import Merchant as MerchantRow
from nucleus.wire import pages, schemas
from nucleus.wire.fields import InstantField
from nucleus.wire.objects import Body

FIELDS = ("id", "name", "logo_url", "website_url", "create_date", "update_date")
PARAMETERS = [
    OpenApiParameter("order_by", OpenApiTypes.STR, description="A field; default id.")
    if one.name == "order_by"
    else one
    for one in pages.PARAMETERS
]


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


class MerchantsView(APIView):
    """All merchants."""

    @documented(
        operation_id="listMerchant",
        summary="List merchants",
        description="The businesses that transactions of any tenant have named.",
        tags=["Resource"],
        parameters=PARAMETERS,
        response=PageMerchant,
    )
    def get(self, request: Request) -> Response:
        page: dict[str, Any] = pages.page(
            MerchantRow.objects.all(),
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
