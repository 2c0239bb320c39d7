"""The screens of balances, transactions and holdings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from nucleus import amounts
from nucleus.admin.base import BaseAdmin
from nucleus.admin.entry_conditions import (
    BalanceConditions,
    HoldingConditions,
    TransactionConditions,
)
from nucleus.admin.exports import Column, ExportingAdmin, columns, owner_of
from nucleus.admin.form_filters import FormFilter
from nucleus.admin.large_tables import newest_first, with_equal
from nucleus.admin.links import customer_link, row_link
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.admin.tenant_access import visible_tenants
from nucleus.instants import instant_text
from nucleus.models import (
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
)
from nucleus.reads.entry_totals import Totals, holding_totals, transaction_totals

OF_AN_ACCOUNT: tuple[Column, ...] = (
    ("id", "pk"),
    ("account_id", "aggregation_account_id"),
    ("account", "aggregation_account.account_name"),
    ("mask", "aggregation_account.mask"),
    ("customer_id", lambda row: owner_of(row.aggregation_account).pk),
    ("customer", lambda row: owner_of(row.aggregation_account)),
)
OF_A_ROW: tuple[Column, ...] = (
    ("is_active", "is_active"),
    ("created", "create_date"),
    ("changed", "update_date"),
)


class TransactionFilter(FormFilter):
    """The conditions of transactions."""

    form_class = TransactionConditions


class BalanceFilter(FormFilter):
    """The conditions of balances."""

    form_class = BalanceConditions


class HoldingFilter(FormFilter):
    """The conditions of holdings."""

    form_class = HoldingConditions


class EntryAdmin(ExportingAdmin, ReadOnlyAdmin):
    """The base: rows of one tenant, account or customer, newest first, with their totals.

    Attributes:
        order_column: of a tenant's or customer's rows.
        account_order_column: of one account's rows.
    """

    list_filter_submit = True
    list_before_template = "admin/entry_totals.html"
    list_select_related = ("aggregation_account__client", "aggregation_account__business")
    export_related = list_select_related
    order_column = "create_date"
    account_order_column = "create_date"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("aggregation_account__account_number")

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return list(self.list_filter)  # the form has the tenant

    def _allowed_lookups(self, request: HttpRequest) -> set[str]:
        return {name for entry in self.list_filter for name in entry.form_class.base_fields}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Called with the filtered rows, also without a search: it bounds and orders them."""
        has_account = bool(request.GET.get("account"))
        column = self.account_order_column if has_account else self.order_column
        entries = newest_first(queryset, column)
        rows = entries.within_window().order_by(*entries.order_columns)
        if entries.is_filtered_in_window:
            text = f"There are many rows: only the newest {settings.LIST_WINDOW:,} were filtered."
            messages.info(request, text)
        if not search_term:
            return rows, False
        matching, _ = super(BaseAdmin, self).get_search_results(
            request, entries.first_rows(), search_term
        )
        names, tenants = tuple(self.get_search_fields(request)), visible_tenants(request.user)
        return with_equal(rows, matching, names, search_term.strip(), tenants), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: Any = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            context["totals"] = self.totals(context["cl"].queryset)
        return response

    def totals(self, rows: QuerySet[Any]) -> Totals | None:
        """Sums of the filtered rows; None where they would mean nothing."""
        return None

    @admin.display(description="id")
    def id_text(self, row: Any) -> str:
        return str(row.pk)

    @admin.display(description="account")
    def account(self, row: Any) -> SafeString:
        return row_link(row.aggregation_account)

    @admin.display(description="customer")
    def customer(self, row: Any) -> SafeString:
        return customer_link(row.aggregation_account)


@admin.register(AggregationAccountTransaction)
class TransactionAdmin(EntryAdmin):
    """Movements of money, by the day under which the bank books them."""

    list_display = (
        "booking_day", "description", "signed_amount", "direction", "status", "account",
        "customer", "is_active",
    )  # fmt: skip
    list_filter = (TransactionFilter,)
    search_fields = (
        "description", "merchant", "id", "aggregation_account__id", "secondary_id",
        "aggregation_account__client__username", "aggregation_account__business__legal_name",
    )  # fmt: skip
    search_help_text = "Description, merchant, id, user name"
    order_column = "booking_date"
    account_order_column = "transaction_date"
    fieldsets = (
        (None, {"fields": ("id_text", "account", "customer", "booking_day", "time", "is_active")}),
        ("Amount", {"fields": ("signed_amount", "direction", "status", "cash", "investment")}),
        ("What it was", {"fields": (
            "description", "memo", "merchant", "category", "subcategory", "location",
        )}),
        ("Marks", {"fields": (
            "is_recurring", "is_fee", "is_transfer", "is_excluded_analysis", "secondary_id",
            "metadata", "created", "changed",
        )}),
    )  # fmt: skip
    readonly_fields = (
        "id_text", "account", "customer", "booking_day", "time", "signed_amount", "direction",
        "created", "changed",
    )  # fmt: skip

    export_columns = (
        *OF_AN_ACCOUNT,
        ("bank_date", lambda row: row.booking_date or row.transaction_date.date()),
        ("time", "transaction_date"),
        ("amount", lambda row: amounts.signed(row.amount, row.transaction_type)),
        *columns(
            "currency_code", "transaction_type", "status", "description", "merchant", "category",
            "subcategory", "memo",
        ),
        *OF_A_ROW,
    )  # fmt: skip

    def totals(self, rows: QuerySet[Any]) -> Totals:
        return transaction_totals(rows)

    @admin.display(description="bank's date")
    def booking_day(self, row: AggregationAccountTransaction) -> str:
        return str(row.booking_date or row.transaction_date.date())

    @admin.display(description="time")
    def time(self, row: AggregationAccountTransaction) -> str:
        return instant_text(row.transaction_date)

    @admin.display(description="amount")
    def signed_amount(self, row: AggregationAccountTransaction) -> str:
        amount = amounts.signed(row.amount, row.transaction_type)
        return amounts.money(amount, row.currency_code)

    @admin.display(description="direction")
    def direction(self, row: AggregationAccountTransaction) -> str:
        return amounts.direction_name(row.transaction_type)


@admin.register(AggregationAccountBalance)
class BalanceAdmin(EntryAdmin):
    """Balances of accounts at points in time."""

    list_display = (
        "time", "account", "customer", "balance_amount", "available_amount", "credit_amount",
        "is_active",
    )  # fmt: skip
    list_filter = (BalanceFilter,)
    search_fields = (
        "id", "aggregation_account__id", "aggregation_account__client__username",
        "aggregation_account__business__legal_name",
    )  # fmt: skip
    search_help_text = "Id, account id, user name"
    account_order_column = "balance_time_stamp"
    fields = (
        "id_text", "account", "customer", "time", "balance_amount", "available_amount",
        "credit_amount", "is_active", "secondary_id", "metadata", "created", "changed",
    )  # fmt: skip
    readonly_fields = (
        "id_text", "account", "customer", "time", "balance_amount", "available_amount",
        "credit_amount", "created", "changed",
    )  # fmt: skip

    export_columns = (
        *OF_AN_ACCOUNT,
        ("as_of", "balance_time_stamp"),
        *columns("balance", "available_balance", "available_credit", "currency_code"),
        *OF_A_ROW,
    )

    @admin.display(description="as of")
    def time(self, row: AggregationAccountBalance) -> str:
        return instant_text(row.balance_time_stamp)

    @admin.display(description="balance")
    def balance_amount(self, row: AggregationAccountBalance) -> str:
        return amounts.money(row.balance, row.currency_code)

    @admin.display(description="available")
    def available_amount(self, row: AggregationAccountBalance) -> str:
        return amounts.money(row.available_balance, row.currency_code)

    @admin.display(description="available credit")
    def credit_amount(self, row: AggregationAccountBalance) -> str:
        return amounts.money(row.available_credit, row.currency_code)


@admin.register(AggregationAccountHolding)
class HoldingAdmin(EntryAdmin):
    """Positions in securities."""

    list_display = (
        "name", "share_count", "unit_price", "market_value", "valued_at", "account", "customer",
        "is_active",
    )  # fmt: skip
    list_filter = (HoldingFilter,)
    search_fields = (
        "ticker", "ticker_name", "isin", "cusip", "id", "aggregation_account__id",
        "aggregation_account__client__username", "aggregation_account__business__legal_name",
    )  # fmt: skip
    search_help_text = "Ticker, name, ISIN, id, user name"
    fields = (
        "id_text", "account", "customer", "name", "ticker", "ticker_name", "isin", "cusip",
        "exchange", "asset_class", "holding_type", "share_count", "unit_price", "market_value",
        "cost", "valued_at", "is_active", "secondary_id", "metadata", "created", "changed",
    )  # fmt: skip
    readonly_fields = (
        "id_text", "account", "customer", "name", "share_count", "unit_price", "market_value",
        "cost", "valued_at", "created", "changed",
    )  # fmt: skip

    export_columns = (
        *OF_AN_ACCOUNT,
        *columns(
            "ticker", "ticker_name", "isin", "cusip", "exchange", "asset_class", "holding_type",
            "shares", "price",
        ),
        ("market_value", "amount"),
        *columns("cost_basis", "currency_code"),
        ("valued_at", "holding_date"),
        *OF_A_ROW,
    )  # fmt: skip

    def totals(self, rows: QuerySet[Any]) -> Totals:
        return holding_totals(rows)

    @admin.display(description="security")
    def name(self, row: AggregationAccountHolding) -> str:
        return row.ticker or row.ticker_name or row.isin or row.cusip or amounts.NOTHING

    @admin.display(description="shares")
    def share_count(self, row: AggregationAccountHolding) -> str:
        return amounts.number(row.shares)

    @admin.display(description="price of a share")
    def unit_price(self, row: AggregationAccountHolding) -> str:
        return amounts.money(row.price, row.currency_code)

    @admin.display(description="market value")
    def market_value(self, row: AggregationAccountHolding) -> str:
        return amounts.money(row.amount, row.currency_code)

    @admin.display(description="cost")
    def cost(self, row: AggregationAccountHolding) -> str:
        return amounts.money(row.cost_basis, row.currency_code)

    @admin.display(description="valued at")
    def valued_at(self, row: AggregationAccountHolding) -> str:
        return instant_text(row.holding_date, none=amounts.NOTHING)
