"""An account with all its data, and the accounts of a client or business by category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nucleus.api import businesses, clients, owners
from nucleus.api.record_types import AGGREGATION_ACCOUNT
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas
from nucleus.hydrogen.fields import InstantField
from nucleus.hydrogen.openapi_operations import documented
from nucleus.reads import currency_conversion, derived_views


class AggregationAccountDetails(openapi_schemas.AggregationAccount):
    """An account; of its number never more than the last four digits."""

    account_number = serializers.CharField(allow_null=True)
    asset = serializers.BooleanField()

    class Meta(openapi_schemas.AggregationAccount.Meta):
        fields = [*derived_views.DETAILS, "account_number", "asset"]


class OverviewAccount(AggregationAccountDetails):
    """An account and its current balance, in `currency_code`."""

    aggregation_account_id = serializers.UUIDField()
    aggregation_account_balance_id = serializers.UUIDField(allow_null=True)
    balance = serializers.FloatField(allow_null=True)
    available_balance = serializers.FloatField(allow_null=True)
    available_credit = serializers.FloatField(allow_null=True)
    balance_time_stamp = InstantField(allow_null=True)
    message = serializers.CharField(
        allow_null=True,
        help_text="Why the balance is not in the totals: the type of account is not known, the "
        "unit is no currency of ISO 4217, or there is no exchange rate.",
    )

    class Meta(AggregationAccountDetails.Meta):
        fields = [
            *AggregationAccountDetails.Meta.fields,
            "aggregation_account_id", "aggregation_account_balance_id", *derived_views.AMOUNTS,
            "balance_time_stamp", "message",
        ]  # fmt: skip


class OverviewCategory(serializers.Serializer[Any]):
    """The accounts of one category. Totals are null where currencies differ."""

    category = serializers.CharField()
    currency_code = serializers.CharField(allow_null=True)
    total_balance = serializers.FloatField(allow_null=True)
    total_available_balance = serializers.FloatField(allow_null=True)
    message = serializers.CharField(
        allow_null=True, help_text="Which accounts are left out of the totals, and why."
    )
    aggregation_account_details = OverviewAccount(many=True)


class AggregationAccountOverview(serializers.Serializer[Any]):
    """Accounts by category."""

    by_category = OverviewCategory(many=True)


def _fields_of_part(schema: type[openapi_schemas.RecordSchema], id_name: str) -> list[str]:
    """The fields of `schema` with `id_name` in place of `id`."""
    names: Sequence[str] = schema.Meta.fields
    return [id_name, *(name for name in names if name != "id")]


class AggregateAggregationAccountBalance(openapi_schemas.AggregationAccountBalance):
    """The current balance of an account."""

    aggregation_account_balance_id = serializers.UUIDField()

    class Meta(openapi_schemas.AggregationAccountBalance.Meta):
        fields = _fields_of_part(
            openapi_schemas.AggregationAccountBalance, "aggregation_account_balance_id"
        )


class AggregateAggregationAccountHolding(openapi_schemas.AggregationAccountHolding):
    """A position of an account."""

    aggregation_account_holding_id = serializers.UUIDField()

    class Meta(openapi_schemas.AggregationAccountHolding.Meta):
        fields = _fields_of_part(
            openapi_schemas.AggregationAccountHolding, "aggregation_account_holding_id"
        )


class AggregateAggregationAccountTransaction(openapi_schemas.AggregationAccountTransaction):
    """A movement of money: one of bank_credit, cash and investment is set."""

    aggregation_account_transaction_id = serializers.UUIDField()

    class Meta(openapi_schemas.AggregationAccountTransaction.Meta):
        fields = _fields_of_part(
            openapi_schemas.AggregationAccountTransaction, "aggregation_account_transaction_id"
        )


class AggregateData(serializers.Serializer[Any]):
    """An account with its current balance, the positions held and the newest transactions."""

    aggregation_account_id = serializers.UUIDField()
    aggregation_account_details = AggregationAccountDetails()
    aggregation_account_balances = AggregateAggregationAccountBalance(allow_null=True)
    aggregation_account_holdings = AggregateAggregationAccountHolding(many=True)
    aggregation_account_transactions = AggregateAggregationAccountTransaction(many=True)


class AggregateDataView(APIView):
    """One account with its data."""

    @documented(
        operation_id="getAggregationAccountAggregateData",
        summary="Read an account with its data",
        description="The account, its current balance, and of active holdings and transactions "
        f"the newest {derived_views.MAX_ENTRIES} each; all of them are in their lists.",
        tags=AGGREGATION_ACCOUNT.tags,
        parameters=[currency_conversion.PARAMETER],
        response=AggregateData,
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        account = AGGREGATION_ACCOUNT.visible_rows(request).filter(id=record_id).first()
        if account is None:
            raise NotFound(f"There is no aggregation account {record_id}.")
        conversion = currency_conversion.requested_conversion(request)
        return Response(derived_views.aggregate_data(account, conversion))


class OverviewView(APIView):
    """An owner's accounts by category. Subclasses set `owner_type`."""

    owner_type: ClassVar[owners.OwnerType]

    def __init_subclass__(cls) -> None:
        """Describe the inherited operation in terms of the subclass's type of owner."""
        super().__init_subclass__()
        get = documented(
            operation_id=f"get{cls.owner_type.name}AggregationAccountOverview",
            summary=f"Read a {cls.owner_type.label}'s accounts by category",
            description="Active accounts with their current balances, and totals. Debts are "
            f"positive, as they are stored. At most {derived_views.MAX_ACCOUNTS} accounts.",
            tags=AGGREGATION_ACCOUNT.tags,
            parameters=[currency_conversion.PARAMETER],
            response=AggregationAccountOverview,
        )
        extend_schema_view(get=get)(cls)

    def get(self, request: Request, record_id: UUID) -> Response:
        owner = owners.get_visible(request, self.owner_type, record_id)
        accounts = AGGREGATION_ACCOUNT.visible_rows(request).filter(**owner.reference)
        conversion = currency_conversion.requested_conversion(request)
        return Response(derived_views.overview(caller_of(request).tenant, accounts, conversion))


class ClientOverviewView(OverviewView):
    owner_type = clients.CLIENT


class BusinessOverviewView(OverviewView):
    owner_type = businesses.BUSINESS
