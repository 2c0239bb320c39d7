"""MX Platform's paths."""

from django.urls import path

from sandbox.platform_api import (
    accounts,
    institutions,
    member_jobs,
    members,
    merchants,
    statements,
    transactions,
    users,
    widget_urls,
)

USER = "users/<str:user>"
MEMBER = f"{USER}/members/<str:member>"
ACCOUNT = f"{USER}/accounts/<str:account>"
STATEMENT = f"{MEMBER}/statements/<str:statement>"
OF_MEMBER = f"{MEMBER}/accounts/<str:account>/transactions"

urlpatterns = [
    path("users", users.users),
    path(USER, users.user),
    path(f"{USER}/widget_urls", widget_urls.widget_url),
    path(f"{USER}/members", members.members),
    path(MEMBER, members.member),
    path(f"{MEMBER}/credentials", members.member_credentials),
    path(f"{MEMBER}/oauth_window_uri", members.oauth_window_uri),
    path(f"{MEMBER}/status", member_jobs.status),
    path(f"{MEMBER}/challenges", member_jobs.challenges),
    path(f"{MEMBER}/resume", member_jobs.resume),
    path(f"{MEMBER}/account_numbers", member_jobs.account_numbers),
    path(f"{MEMBER}/account_owners", member_jobs.account_owners),
    *(path(f"{MEMBER}/{name}", view) for name, view in member_jobs.JOB_VIEWS.items()),
    path(f"{MEMBER}/statements", statements.statements),
    path(f"{STATEMENT}.pdf", statements.statement_pdf),
    path(STATEMENT, statements.statement),
    path(f"{USER}/accounts", accounts.accounts),
    path(f"{MEMBER}/accounts", accounts.accounts),
    path(ACCOUNT, accounts.account),
    path(f"{MEMBER}/accounts/<str:account>", accounts.account),
    path(f"{ACCOUNT}/account_numbers", member_jobs.account_numbers),
    path(f"{USER}/transactions", transactions.transactions),
    path(f"{USER}/transactions/<str:transaction>", transactions.transaction),
    path(f"{MEMBER}/transactions", transactions.transactions),
    path(f"{ACCOUNT}/transactions", transactions.transactions),
    path(OF_MEMBER, transactions.transactions),
    path(f"{OF_MEMBER}/<str:transaction>", transactions.transaction),
    path(f"{USER}/investment_holdings", accounts.holdings),
    path(f"{USER}/investment_holdings_deactivate", accounts.deactivate_holdings),
    path(f"{USER}/investment_holdings/<str:holding>", accounts.holding),
    path(f"{MEMBER}/investment_holdings", accounts.holdings),
    path(f"{ACCOUNT}/investment_holdings", accounts.holdings),
    path("institutions", institutions.institutions),
    path("institutions/<str:code>", institutions.institution),
    path("institutions/<str:code>/credentials", institutions.institution_credentials),
    path("merchants", merchants.merchants),
    path("merchants/<str:guid>", merchants.merchant),
    path("merchant_locations/<str:guid>", merchants.merchant_location),
]
