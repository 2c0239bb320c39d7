"""/integration/v1."""

from django.urls import path

from gateway.integration_api import (
    account_merges,
    accounts,
    async_runs,
    audit_log,
    connections,
    iav,
    possible_duplicates,
    pulls,
    token_exchange,
    users,
    widget_links,
)
from gateway.webhook_api import subscriptions

urlpatterns = [
    path("audit_log", audit_log.AuditLogsView.as_view()),
    path("token_exchange", token_exchange.TokenExchangeView.as_view()),
    path("user", users.UserView.as_view()),
    path("widget_link/<uuid:nucleus_id>", widget_links.WidgetLinkView.as_view()),
    path("connection", connections.ConnectionListView.as_view()),
    path("connection/<uuid:connection_id>", connections.ConnectionDetailView.as_view()),
    path("connection/<uuid:connection_id>/refresh", connections.ConnectionRefreshView.as_view()),
    path("possible_duplicate", possible_duplicates.PossibleDuplicateListView.as_view()),
    path(
        "possible_duplicate/<uuid:duplicate_id>",
        possible_duplicates.PossibleDuplicateDetailView.as_view(),
    ),
    path(
        "possible_duplicate/<uuid:duplicate_id>/dismiss",
        possible_duplicates.PossibleDuplicateDismissView.as_view(),
    ),
    path("account_merge", account_merges.AccountMergeListView.as_view()),
    path("account_merge/<uuid:merge_id>", account_merges.AccountMergeDetailView.as_view()),
    path("aggregation/account", accounts.AccountListView.as_view()),
    path("aggregation/account/<uuid:account_id>", accounts.AccountDetailView.as_view()),
    path("aggregation/balance", pulls.BalanceListView.as_view()),
    path("aggregation/balance/<uuid:account_id>", pulls.BalanceDetailView.as_view()),
    path("aggregation/transaction", pulls.TransactionListView.as_view()),
    path("aggregation/transaction/<uuid:account_id>", pulls.TransactionDetailView.as_view()),
    path("aggregation/holding", pulls.HoldingListView.as_view()),
    path("aggregation/holding/<uuid:account_id>", pulls.HoldingDetailView.as_view()),
    path("webhook", subscriptions.IntegrationWebhookListView.as_view()),
    path("webhook/<uuid:webhook_id>", subscriptions.IntegrationWebhookDetailView.as_view()),
    # Before the paths that would also match it.
    path("async/status/<uuid:async_id>", async_runs.AsyncStatusView.as_view()),
    path("async/<str:integration_type>/<str:service>", async_runs.AsyncServiceView.as_view()),
    path(
        "async/<str:integration_type>/<str:service>/<uuid:account_id>",
        async_runs.AsyncObjectView.as_view(),
    ),
    path("iav", iav.VerificationListView.as_view()),
    path("iav/<uuid:bank_link_id>", iav.VerificationDetailView.as_view()),
]
