"""Atrium's paths."""

from django.urls import path

from sandbox.atrium_api import data, members, users

USER = "users/<str:user>"
MEMBER = f"{USER}/members/<str:member>"
ACCOUNT = f"{USER}/accounts/<str:account>"

urlpatterns = [
    path("users", users.users),
    path(USER, users.user),
    path(f"{USER}/connect_widget_url", users.widget_url),
    path(f"{USER}/members", members.members),
    path(MEMBER, members.member),
    path(f"{MEMBER}/status", members.status),
    path(f"{MEMBER}/credentials", members.member_credentials),
    path(f"{MEMBER}/challenges", members.challenges),
    path(f"{MEMBER}/resume", members.resume),
    path(f"{MEMBER}/account_numbers", members.account_numbers),
    path(f"{MEMBER}/account_owners", members.account_owners),
    *(path(f"{MEMBER}/{name}", view) for name, view in members.JOB_VIEWS.items()),
    path(f"{USER}/accounts", data.accounts),
    path(f"{MEMBER}/accounts", data.accounts),
    path(ACCOUNT, data.account),
    path(f"{MEMBER}/accounts/<str:account>", data.member_account),
    path(f"{ACCOUNT}/account_numbers", data.account_numbers),
    path(f"{USER}/transactions", data.transactions),
    path(f"{USER}/transactions/<str:row>", data.transaction),
    path(f"{MEMBER}/transactions", data.transactions),
    path(f"{ACCOUNT}/transactions", data.transactions),
    path(f"{USER}/holdings", data.holdings),
    path(f"{USER}/holdings/<str:row>", data.holding),
    path(f"{MEMBER}/holdings", data.holdings),
    path(f"{ACCOUNT}/holdings", data.holdings),
    path("institutions", data.institutions),
    path("institutions/<str:code>", data.one_institution),
    path("institutions/<str:code>/credentials", data.institution_credentials),
    path("merchants", data.merchants),
    path("merchants/<str:guid>", data.merchant),
    path("merchants/<str:merchant>/merchant_locations", data.merchant_locations),
    path("merchants/<str:merchant>/merchant_locations/<str:guid>", data.merchant_location),
    path("merchant_locations/<str:guid>", data.merchant_location),
]
