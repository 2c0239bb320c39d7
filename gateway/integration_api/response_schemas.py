"""Response bodies of /integration/v1, for OpenAPI.

Fields are those of Hydrogen's integration Swagger 1.3.1; see
docs/hydrogen-contract.md#integration-endpoints.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from nucleus.hydrogen import openapi_schemas


class UserResponse(serializers.Serializer[Any]):
    """The vendor user, with the vendor's own representation."""

    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    product = serializers.CharField()
    integration_type = serializers.CharField()
    vendor_name = serializers.CharField()
    message = serializers.CharField(allow_null=True)
    vendor_response = serializers.DictField()


class WidgetUrl(serializers.Serializer[Any]):
    """The URL that opens the widget."""

    widget_url = serializers.URLField()
    vendor_name = serializers.CharField()


class PullResponse(serializers.Serializer[Any]):
    """The fields that responses about an account's data have in common."""

    message = serializers.CharField(allow_null=True)
    vendor_name = serializers.CharField(allow_null=True)
    nucleus_aggregation_account_id = serializers.UUIDField(allow_null=True)


class Row(serializers.Serializer[Any]):
    """One item of a response; if `body` is null, it was not stored and `message` says why."""

    status_code = serializers.IntegerField()
    message = serializers.CharField(allow_null=True)


class AccountRow(Row):
    body = openapi_schemas.AggregationAccount(allow_null=True)


class TransactionRow(Row):
    body = openapi_schemas.AggregationAccountTransaction(allow_null=True)


class HoldingRow(Row):
    body = openapi_schemas.AggregationAccountHolding(allow_null=True)


class AggregationAccountsResponse(PullResponse):
    """Response of POST /aggregation/account."""

    nucleus_aggregation_accounts = AccountRow(many=True)


class AccountResponse(PullResponse):
    nucleus_aggregation_account = AccountRow(allow_null=True)


class BalanceResponse(PullResponse):
    nucleus_balance_posted = openapi_schemas.AggregationAccountBalance(allow_null=True)


class TransactionResponse(PullResponse):
    nucleus_transactions_posted = TransactionRow(many=True)
    nucleus_transactions_canceled = TransactionRow(many=True)


class HoldingResponse(PullResponse):
    nucleus_holdings_posted = HoldingRow(many=True)


class BankLinkRow(serializers.Serializer[Any]):
    message = serializers.CharField(allow_null=True)
    status_code = serializers.IntegerField()
    nucleus_bank_link = openapi_schemas.BankLink(allow_null=True)


class IavBankLinks(serializers.Serializer[Any]):
    message = serializers.CharField(allow_null=True)
    response = BankLinkRow(many=True)


class IavAggregation(serializers.Serializer[Any]):
    message = serializers.CharField(allow_null=True)
    response = serializers.DictField(allow_null=True)


class IavResponse(serializers.Serializer[Any]):
    """Response of POST /iav and GET /iav/{bank_link_id}."""

    vendor_name = serializers.CharField(allow_null=True)
    bank_link = IavBankLinks()
    aggregation = IavAggregation()
