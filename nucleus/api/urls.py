"""/nucleus/v1."""

from django.urls import path

from nucleus.api import (
    audit_logs,
    bulk,
    bulk_transactions,
    businesses,
    clients,
    derived,
    fx_rates,
    iso_codes,
    merchants,
    records,
    resources,
)

urlpatterns = [
    path("client", clients.ClientListView.as_view()),
    path("client/<uuid:record_id>", clients.ClientDetailView.as_view()),
    path("business", businesses.BusinessListView.as_view()),
    path("business/<uuid:record_id>", businesses.BusinessDetailView.as_view()),
    path(
        "client/<uuid:record_id>/aggregation_account_overview",
        derived.ClientOverviewView.as_view(),
    ),
    path(
        "business/<uuid:record_id>/aggregation_account_overview",
        derived.BusinessOverviewView.as_view(),
    ),
    path(
        "aggregation_account/<uuid:record_id>/aggregate_data",
        derived.AggregateDataView.as_view(),
    ),
    path("resource/transaction_category", resources.TransactionCategoriesView.as_view()),
    path("resource/account_category", resources.AccountCategoriesView.as_view()),
    path("resource/merchant_category_code", resources.MerchantCategoryCodesView.as_view()),
    path("resource/currency", iso_codes.CurrenciesView.as_view()),
    path("resource/country", iso_codes.CountriesView.as_view()),
    path("resource/state", iso_codes.StatesView.as_view()),
    path("resource/fx_rate", fx_rates.FxRatesView.as_view()),
    path("resource/merchant", merchants.MerchantsView.as_view()),
    path("audit_log", audit_logs.AuditLogsView.as_view()),
    path("audit_log/<uuid:record_id>", audit_logs.AuditLogView.as_view()),
    path("bulk/status/<uuid:bulk_id>", bulk_transactions.BulkStatusView.as_view()),
    path("bulk/<str:entity_uri>", bulk_transactions.BulkView.as_view()),
    path("aggregation_account", records.AggregationAccountListView.as_view()),
    path("aggregation_account/<uuid:record_id>", records.AggregationAccountDetailView.as_view()),
    path("aggregation_account_balance", records.BalanceListView.as_view()),
    path("aggregation_account_balance/<uuid:record_id>", records.BalanceDetailView.as_view()),
    path("aggregation_account_transaction", records.TransactionListView.as_view()),
    path(
        "aggregation_account_transaction/<uuid:record_id>", records.TransactionDetailView.as_view()
    ),
    path("aggregation_account_holding", records.HoldingListView.as_view()),
    path("aggregation_account_holding/<uuid:record_id>", records.HoldingDetailView.as_view()),
    path("bank_link", records.BankLinkListView.as_view()),
    path("bank_link/<uuid:record_id>", records.BankLinkDetailView.as_view()),
    path("resource/institution", records.InstitutionListView.as_view()),
    path("resource/institution/<uuid:record_id>", records.InstitutionDetailView.as_view()),
    path("bulk_aggregation_account", bulk.BulkAggregationAccountView.as_view()),
    path("bulk_aggregation_account_balance", bulk.BulkBalanceView.as_view()),
    path("bulk_aggregation_account_transaction", bulk.BulkTransactionView.as_view()),
    path("bulk_aggregation_account_holding", bulk.BulkHoldingView.as_view()),
    path("bulk_bank_link", bulk.BulkBankLinkView.as_view()),
]
