"""Nucleus's rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from nucleus import models


class Unscoped(DjangoModelFactory):  # type: ignore[type-arg]
    """Builds rows of any tenant through `Model.unscoped`."""

    class Meta:
        abstract = True

    @classmethod
    def _get_manager(cls, model_class: Any) -> Any:
        return model_class.unscoped


class TenantFactory(DjangoModelFactory):  # type: ignore[type-arg]
    class Meta:
        model = models.Tenant

    slug = Sequence("demo-{}".format)
    name = "Demo"


class ClientFactory(Unscoped):
    class Meta:
        model = models.Client

    tenant = SubFactory(TenantFactory)
    username = Sequence("client-{}".format)
    client_type = "consumer"


class BusinessFactory(Unscoped):
    class Meta:
        model = models.Business

    tenant = SubFactory(TenantFactory)
    legal_name = Sequence("Demo Bakery {} LLC".format)


class AggregationAccountFactory(Unscoped):
    class Meta:
        model = models.AggregationAccount

    client = SubFactory(ClientFactory)
    tenant = SelfAttribute("client.tenant")
    account_name = "Checking"
    institution_name = "MX Bank"
    category = "Bank Account"
    currency_code = "USD"


class BalanceFactory(Unscoped):
    class Meta:
        model = models.AggregationAccountBalance

    aggregation_account = SubFactory(AggregationAccountFactory)
    tenant = SelfAttribute("aggregation_account.tenant")
    currency_code = "USD"
    balance = Decimal("1000.23")
    balance_time_stamp = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class TransactionFactory(Unscoped):
    class Meta:
        model = models.AggregationAccountTransaction

    aggregation_account = SubFactory(AggregationAccountFactory)
    tenant = SelfAttribute("aggregation_account.tenant")
    currency_code = "USD"
    status = "posted"
    amount = Decimal("61.11")
    transaction_type = "Debit"
    description = "Groceries"
    transaction_date = datetime(2026, 1, 2, tzinfo=UTC)
    booking_date = LazyAttribute(lambda row: row.transaction_date.date())
    source_id = Sequence("TRN-{}".format)


class HoldingFactory(Unscoped):
    class Meta:
        model = models.AggregationAccountHolding

    aggregation_account = SubFactory(AggregationAccountFactory)
    tenant = SelfAttribute("aggregation_account.tenant")
    currency_code = "USD"
    shares = Decimal(6)
    ticker = "DEF"
    source_id = Sequence("HOL-{}".format)


class BankLinkFactory(Unscoped):
    class Meta:
        model = models.BankLink

    client = SubFactory(ClientFactory)
    tenant = SelfAttribute("client.tenant")
    bank_account_holder = "Ada Demo"
    bank_account_number = "100012345678"
    routing = "688999900"
    mask = "5678"
    institution_name = "MX Bank"


class MerchantFactory(DjangoModelFactory):  # type: ignore[type-arg]
    class Meta:
        model = models.Merchant

    source = "mx"
    source_id = Sequence("MCH-{}".format)
    name = Sequence("Shop {}".format)


class CurrencyRateFactory(Unscoped):
    class Meta:
        model = models.CurrencyRate

    tenant = SubFactory(TenantFactory)
    currency_code_from = "EUR"
    currency_code_to = "USD"
    exchange_rate = Decimal("1.25")
    date = date(2026, 1, 2)
