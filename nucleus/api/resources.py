"""/resource: categories and merchant category codes, the same for every tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus import categories
from nucleus.hydrogen import filters, pages
from nucleus.hydrogen.fields import IdField, LenientBooleanField, VocabularyField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.renderers import Body

TAG = ["Resource"]
NAME_LENGTH = 255
NAME = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH}
WORD, FLAG, NUMBER, KEY = (
    models.CharField(), models.BooleanField(), models.IntegerField(), models.UUIDField(),
)  # fmt: skip
CATEGORY_FIELDS: dict[str, models.Field[Any, Any]] = {
    "category": WORD, "subcategory": WORD, "vendor_name": WORD, "vendor_category": WORD,
    "vendor_subcategory": WORD, "tenant_name": WORD, "is_primary": FLAG,
}  # fmt: skip
CODE_FIELDS: dict[str, models.Field[Any, Any]] = {
    "mcc": NUMBER, "category": WORD, "subcategory": WORD, "description": WORD,
    "transaction_category_id": KEY,
}  # fmt: skip


class _CategoryRow(serializers.Serializer[Any]):
    category = serializers.CharField()
    subcategory = serializers.CharField(allow_null=True, help_text="Null on the first level.")
    vendor_name = serializers.CharField()
    vendor_category = serializers.CharField(help_text="The vendor's own words.")
    vendor_subcategory = serializers.CharField(allow_null=True)
    tenant_name = serializers.CharField(allow_null=True, help_text="Null: every tenant's.")
    is_primary = serializers.BooleanField(help_text="The vendor's first words for this category.")


class TransactionCategory(_CategoryRow):
    """A category of transactions, and what the vendor calls it."""

    hydrogen_transaction_category_id = serializers.UUIDField()


class AccountCategory(_CategoryRow):
    """A category of accounts, and what the vendor calls it."""

    hydrogen_account_category_id = serializers.UUIDField()


class MerchantCategoryCode(serializers.Serializer[Any]):
    """What a business of that ISO 18245 code does, and the category of its transactions."""

    mcc = serializers.IntegerField()
    category = serializers.CharField()
    subcategory = serializers.CharField(allow_null=True)
    description = serializers.CharField()
    transaction_category_id = serializers.UUIDField()


class _CategoryQuery(serializers.Serializer[Any]):
    tenant_name = serializers.CharField(required=False, max_length=NAME_LENGTH)
    match_primary = LenientBooleanField(default=False)
    id = IdField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        table = self.context["table"]
        vendors = dict.fromkeys(one.vendor_name for one in table)
        return {"vendor_name": VocabularyField(vendors, required=False), **super().get_fields()}


def _category_parameters(id_name: str) -> list[OpenApiParameter]:
    return [
        OpenApiParameter("vendor_name", NAME, description="Whose words, e.g. mx."),
        OpenApiParameter(
            "tenant_name", NAME, description="Changes nothing: all are every tenant's."
        ),
        OpenApiParameter(
            "match_primary", OpenApiTypes.BOOL, description="Only primary rows. Default false."
        ),
        OpenApiParameter(id_name, OpenApiTypes.UUID, description="Only this category."),
        pages.filter_parameter("vendor_name==mx"),
    ]


def _categories(
    request: Request, table: Iterable[categories.Category], id_name: str
) -> Iterable[Body]:
    """Those of `table` that the request asks for."""
    given = {
        "id" if name == id_name else name: value
        for name, value in request.query_params.items()
        if value not in ("", "None") and name != "id"
    }
    rows = list(table)
    query = _CategoryQuery(data=given, context={"table": rows})
    if not query.is_valid():
        raise serializers.ValidationError(
            {id_name if name == "id" else name: words for name, words in query.errors.items()}
        )
    asked = query.validated_data
    chosen = [
        _category(one, id_name)
        for one in rows
        if asked.get("vendor_name", one.vendor_name) == one.vendor_name
        and asked.get("id", one.id) == one.id
    ]
    fields = CATEGORY_FIELDS | {id_name: KEY}
    return filters.matching(chosen, filters.text_of(request.query_params), fields=fields)


def _category(one: categories.Category, id_name: str) -> Body:
    body = asdict(one)
    category_id: UUID = body.pop("id")
    # The table gives every category one wording per vendor, so each is the primary one.
    return {id_name: category_id, **body, "tenant_name": None, "is_primary": True}


class TransactionCategoriesView(APIView):
    """The categories of transactions."""

    @documented(
        operation_id="listTransactionCategory",
        summary="List transaction categories",
        description="All at once: a fixed table of some hundred rows.",
        tags=TAG,
        parameters=_category_parameters("hydrogen_transaction_category_id"),
        response=TransactionCategory(many=True),
    )
    def get(self, request: Request) -> Response:
        table = categories.transaction_categories()
        return Response(_categories(request, table, "hydrogen_transaction_category_id"))


class AccountCategoriesView(APIView):
    """The categories of accounts."""

    @documented(
        operation_id="listAccountCategory",
        summary="List account categories",
        description="All at once: a fixed table of some hundred rows.",
        tags=TAG,
        parameters=_category_parameters("hydrogen_account_category_id"),
        response=AccountCategory(many=True),
    )
    def get(self, request: Request) -> Response:
        table = categories.account_categories()
        return Response(_categories(request, table, "hydrogen_account_category_id"))


class MerchantCategoryCodesView(APIView):
    """Merchant category codes."""

    @documented(
        operation_id="listMerchantCategoryCode",
        summary="List merchant category codes",
        description="All at once: a fixed table of some three hundred rows.",
        tags=TAG,
        parameters=[pages.filter_parameter("mcc==5411")],
        response=MerchantCategoryCode(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = (asdict(one) for one in categories.merchant_category_codes())
        return Response(
            filters.matching(rows, filters.text_of(request.query_params), fields=CODE_FIELDS)
        )
