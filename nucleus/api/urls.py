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
    path("client", clients.ClientsView.as_view()),
    path("client/<uuid:record_id>", clients.ClientView.as_view()),
    path("business", businesses.BusinessesView.as_view()),
    path("business/<uuid:record_id>", businesses.BusinessView.as_view()),
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
]
for kind in records.KINDS:
    several, one = records.views(kind)
    urlpatterns += [
        path(kind.path, several.as_view()),
        path(f"{kind.path}/<uuid:record_id>", one.as_view()),
    ]
for kind, methods in bulk.ARRAYS:
    urlpatterns.append(path(f"bulk_{kind.path}", bulk.view(kind, methods).as_view()))
