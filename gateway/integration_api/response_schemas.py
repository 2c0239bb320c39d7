"""Response bodies of /integration/v1, for OpenAPI.

Fields are those of Hydrogen's integration Swagger 1.3.1; see
docs/hydrogen-contract.md#integration-endpoints.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.flows.connection_state import ConnectionState
from integrations.vendors.records import ActionRequiredBy, NextStep
from nucleus.hydrogen import openapi_schemas
from nucleus.hydrogen.fields import InstantField


class UserResponse(serializers.Serializer[Any]):
    """The vendor user, with the vendor's own representation."""

    nucleus_client_id = serializers.UUIDField(allow_null=True)
    nucleus_business_id = serializers.UUIDField(allow_null=True)
    product = serializers.CharField()
    integration_type = serializers.CharField()
    vendor_name = serializers.CharField()
    message = serializers.CharField(allow_null=True)
    vendor_response = serializers.DictField()


CONNECTION_STATES = [state.value for state in ConnectionState]


class WidgetUrl(serializers.Serializer[Any]):
    """The URL that opens the widget."""

    widget_url = serializers.URLField()
    vendor_name = serializers.CharField()


class ConnectionSummary(serializers.Serializer[Any]):
    """Whether a connection works, and what to do if it does not."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(
        CONNECTION_STATES,
        help_text=(
            "`needs_action`: see `action_required_by`. `stale`: the data is older than it should "
            "be. `job_failed`: the gateway gave up reading it; staff have to act. "
            "`credentials_refused`: the vendor refuses the tenant's credentials, or there are "
            "none. `unavailable`: the institution, the vendor or the gateway fails; it is tried "
            "again. `disabled`: the client or business is deactivated. `missing`: the vendor no "
            "longer has it."
        ),
    )
    message = serializers.CharField(
        allow_null=True, help_text="For the end user; null if there is no message."
    )
    action_required_by = serializers.ChoiceField([actor.value for actor in ActionRequiredBy])
    next_step = serializers.ChoiceField([step.value for step in NextStep])
    widget_link = serializers.CharField(
        allow_null=True,
        help_text=(
            "Path of this API for a widget link in which the person can act; null if no widget "
            "helps, because the vendor has disabled the user."
        ),
    )
    last_import_at = InstantField(
        allow_null=True, help_text="When the vendor last read the institution; null: never."
    )
    last_retrieval_at = InstantField(
        allow_null=True, help_text="When all accounts were last retrieved completely; null: never."
    )


class PullResponse(serializers.Serializer[Any]):
    """The fields that responses about an account's data have in common."""

    message = serializers.CharField(allow_null=True)
    vendor_name = serializers.CharField(allow_null=True)
    nucleus_aggregation_account_id = serializers.UUIDField(allow_null=True)


class AccountPullResponse(PullResponse):
    """The fields that responses to pulls have in common."""

    connection = ConnectionSummary(
        allow_null=True, help_text="Null if the account has no connection any more."
    )


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


class AccountResponse(AccountPullResponse):
    nucleus_aggregation_account = AccountRow(allow_null=True)


class BalanceResponse(AccountPullResponse):
    nucleus_balance_posted = openapi_schemas.AggregationAccountBalance(allow_null=True)


class BalanceAge(serializers.Serializer[Any]):
    """How old a balance is."""

    as_of = InstantField(
        allow_null=True,
        help_text="When the vendor last read the balance from the bank; null: unknown.",
    )
    age_seconds = serializers.IntegerField(
        allow_null=True, help_text="The time since `as_of`; null: unknown."
    )
    is_fresh = serializers.BooleanField(
        help_text="Whether it was read for this request, or within the last minute."
    )
    reason = serializers.CharField(allow_null=True, help_text="Why it is not fresh; null if it is.")
    retry_after_seconds = serializers.IntegerField(
        allow_null=True,
        help_text="When it may be fresh, as in the header `Retry-After`; null: waiting is no help.",
    )


class SingleBalanceResponse(BalanceResponse):
    balance_age = BalanceAge(allow_null=True, help_text="Null unless `fresh=true` was sent.")


class TransactionResponse(AccountPullResponse):
    nucleus_transactions_posted = TransactionRow(many=True)
    nucleus_transactions_canceled = TransactionRow(many=True)


class HoldingResponse(AccountPullResponse):
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
