"""/resource: categories and merchant category codes, the same for every tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus import categories
from nucleus.hydrogen import filters, pages
from nucleus.hydrogen.fields import IdField, LenientBooleanField, VocabularyField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.hydrogen.renderers import Body
from nucleus.hydrogen.unset_values import is_unset

TAG = ["Resource"]
NAME_LENGTH = 255
NAME = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH}
TEXT, FLAG, NUMBER, KEY = (
    models.CharField(), models.BooleanField(), models.IntegerField(), models.UUIDField(),
)  # fmt: skip
CATEGORY_FIELDS: dict[str, models.Field[Any, Any]] = {
    "category": TEXT, "subcategory": TEXT, "vendor_name": TEXT, "vendor_category": TEXT,
    "vendor_subcategory": TEXT, "tenant_name": TEXT, "is_primary": FLAG,
}  # fmt: skip
CODE_FIELDS: dict[str, models.Field[Any, Any]] = {
    "mcc": NUMBER, "category": TEXT, "subcategory": TEXT, "description": TEXT,
    "transaction_category_id": KEY,
}  # fmt: skip


class _CategoryRow(serializers.Serializer[Any]):
    category = serializers.CharField()
    subcategory = serializers.CharField(allow_null=True, help_text="Null on the first level.")
    vendor_name = serializers.CharField()
    vendor_category = serializers.CharField(help_text="The vendor's name for it.")
    vendor_subcategory = serializers.CharField(allow_null=True)
    tenant_name = serializers.CharField(allow_null=True, help_text="Null: every tenant's.")
    is_primary = serializers.BooleanField(
        help_text="Whether it is the vendor's main name for this category."
    )


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


class CategoryQuery(serializers.Serializer[Any]):
    """The query parameters of a table of categories, which is in the context as `table`."""

    tenant_name = serializers.CharField(required=False, max_length=NAME_LENGTH)
    match_primary = LenientBooleanField(default=False)
    id = IdField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        vendor_names = dict.fromkeys(row.vendor_name for row in self.context["table"])
        vendor_name = VocabularyField(vendor_names, required=False)
        return {"vendor_name": vendor_name, **super().get_fields()}


class CategoriesView(APIView):
    """A table of categories. Subclasses set all class variables.

    `id_name` is the name of a category's id, in the query and in the response.
    """

    table: ClassVar[Callable[[], Sequence[categories.Category]]]
    id_name: ClassVar[str]
    operation_id: ClassVar[str]
    label: ClassVar[str]
    schema_class: ClassVar[type[serializers.Serializer[Any]]]

    def __init_subclass__(cls) -> None:
        """Describe the inherited operation in terms of the subclass's table."""
        super().__init_subclass__()
        get = documented(
            operation_id=cls.operation_id,
            summary=f"List {cls.label}",
            description="All at once: a fixed table of some hundred rows.",
            tags=TAG,
            parameters=cls._parameters(),
            response=cls.schema_class(many=True),
        )
        extend_schema_view(get=get)(cls)

    @classmethod
    def _parameters(cls) -> list[OpenApiParameter]:
        return [
            OpenApiParameter("vendor_name", NAME, description="Whose names, e.g. mx."),
            OpenApiParameter(
                "tenant_name", NAME, description="Ignored: all categories are every tenant's."
            ),
            OpenApiParameter(
                "match_primary", OpenApiTypes.BOOL, description="Only primary rows. Default false."
            ),
            OpenApiParameter(cls.id_name, OpenApiTypes.UUID, description="Only this category."),
            pages.filter_parameter("vendor_name==mx"),
        ]

    def get(self, request: Request) -> Response:
        table = type(self).table()
        query = self._parse_query(request, table)
        rows = [
            self._render(category)
            for category in table
            if query.get("vendor_name", category.vendor_name) == category.vendor_name
            and query.get("id", category.id) == category.id
        ]
        fields = CATEGORY_FIELDS | {self.id_name: KEY}
        text = filters.text_of(request.query_params)
        return Response(filters.matching(rows, text, fields=fields))

    def _parse_query(
        self, request: Request, table: Sequence[categories.Category]
    ) -> dict[str, Any]:
        """The query parameters, with the id as `id`. Raises ValidationError."""
        parameters = {
            "id" if name == self.id_name else name: value
            for name, value in request.query_params.items()
            if not is_unset(value) and name != "id"
        }
        query = CategoryQuery(data=parameters, context={"table": table})
        if not query.is_valid():
            raise serializers.ValidationError(
                {
                    self.id_name if name == "id" else name: messages
                    for name, messages in query.errors.items()
                }
            )
        parsed: dict[str, Any] = query.validated_data
        return parsed

    def _render(self, category: categories.Category) -> Body:
        body = asdict(category)
        category_id: UUID = body.pop("id")
        # The table has one name per category and vendor, so each is the primary one.
        return {self.id_name: category_id, **body, "tenant_name": None, "is_primary": True}


class TransactionCategoriesView(CategoriesView):
    """The categories of transactions."""

    table = staticmethod(categories.transaction_categories)
    id_name = "hydrogen_transaction_category_id"
    operation_id = "listTransactionCategory"
    label = "transaction categories"
    schema_class = TransactionCategory


class AccountCategoriesView(CategoriesView):
    """The categories of accounts."""

    table = staticmethod(categories.account_categories)
    id_name = "hydrogen_account_category_id"
    operation_id = "listAccountCategory"
    label = "account categories"
    schema_class = AccountCategory


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
        rows = (asdict(code) for code in categories.merchant_category_codes())
        text = filters.text_of(request.query_params)
        return Response(filters.matching(rows, text, fields=CODE_FIELDS))
