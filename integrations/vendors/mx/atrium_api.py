"""Atrium: hosts, headers, paths and keys. Source: Atrium reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from integrations.vendors import capabilities
from integrations.vendors.base import VendorConfig
from integrations.vendors.limits import Limits
from integrations.vendors.mx import holdings
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.mx.values import Payload
from integrations.vendors.records import WidgetOptions
from integrations.vendors.spec import ApiSpec

ENVIRONMENTS = {
    "production": "https://atrium.mx.com",
    "development": "https://vestibule.mx.com",
}
LIMITS = Limits(
    poll_seconds=3.0,
    page_size=100,  # the most that Atrium sends
    window_days_back=90,  # its default window
    window_days_ahead=5,
    history_days=731,
    lists_windows_completely=True,
)

# operation: (method, path template). Placeholders are the vendor's own ids.
PATHS: Mapping[str, tuple[str, str]] = {
    "create_user": ("POST", "/users"),
    "list_users": ("GET", "/users"),
    "read_user": ("GET", "/users/{user}"),
    "update_user": ("PUT", "/users/{user}"),
    "delete_user": ("DELETE", "/users/{user}"),
    "create_widget_url": ("POST", "/users/{user}/connect_widget_url"),
    "read_institution": ("GET", "/institutions/{institution}"),
    "list_members": ("GET", "/users/{user}/members"),
    "read_member": ("GET", "/users/{user}/members/{member}"),
    "delete_member": ("DELETE", "/users/{user}/members/{member}"),
    "start_aggregation": ("POST", "/users/{user}/members/{member}/aggregate"),
    "start_balance_check": ("POST", "/users/{user}/members/{member}/balance"),
    "start_history": ("POST", "/users/{user}/members/{member}/extend_history"),
    "start_verification": ("POST", "/users/{user}/members/{member}/verify"),
    "list_member_accounts": ("GET", "/users/{user}/members/{member}/accounts"),
    "read_account": ("GET", "/users/{user}/accounts/{account}"),
    "list_transactions": ("GET", "/users/{user}/accounts/{account}/transactions"),
    "read_transaction": ("GET", "/users/{user}/transactions/{transaction}"),
    "list_holdings": ("GET", "/users/{user}/accounts/{account}/holdings"),
    "list_member_holdings": ("GET", "/users/{user}/members/{member}/holdings"),
    "list_account_numbers": ("GET", "/users/{user}/members/{member}/account_numbers"),
    "list_account_owners": ("GET", "/users/{user}/members/{member}/account_owners"),
    "read_merchant": ("GET", "/merchants/{merchant}"),
    "read_merchant_location": ("GET", "/merchant_locations/{location}"),
}
# Sent again when the answer was lost, as every GET and DELETE is: these POSTs, with the reason. Any
# other POST is only repeated when MX cannot have received it.
REPEATABLE_POSTS: Mapping[str, str] = {
    "create_user": "a second one of the same identifier is a 409, and the first is adopted",
    "update_user": "it says what the user shall be",
    "create_widget_url": "every link is a new one; those nobody opens lapse",
    "start_aggregation": "while the first runs, a second is a 409",
    "start_balance_check": "while the first runs, a second changes nothing",
    "start_history": "while the first runs, a second changes nothing",
    "start_verification": "while the first runs, a second is a 409",
}


def headers(config: VendorConfig) -> dict[str, str]:
    """Authentication and API version."""
    return {
        "Accept": "application/vnd.mx.atrium.v1+json",
        "MX-API-Key": config.secret,
        "MX-Client-ID": config.client_id,
        "User-Agent": "integration-gateway",
    }


def widget_body(options: WidgetOptions) -> dict[str, object]:
    """The options of connect_widget_url; only what was asked for.

    Without a message version MX sends the messages behind its loader's onLoad and onSuccess, which
    the embed snippet of its integration guide relies on; from version 4 on they stay silent.
    """
    body: dict[str, object] = {"mode": "verification" if options.verification else "aggregation"}
    if options.message_version:
        body["ui_message_version"] = options.message_version
    if options.member_id:
        body["current_member_guid"] = options.member_id
    if options.include_identity:
        body["include_identity"] = True
    if options.is_mobile_webview:
        body["is_mobile_webview"] = True
    if options.webview_url_scheme:
        body["ui_message_webview_url_scheme"] = options.webview_url_scheme
    return body | {
        name: value
        for name, value in {
            "client_redirect_url": options.redirect_url,
            "color_scheme": options.color_scheme,
            "current_institution_code": options.institution_code,
            "disable_background_agg": options.disable_background_imports,
            "disable_institution_search": options.disable_institution_search or None,
            "include_transactions": options.include_transactions,
            "oauth_referral_source": options.oauth_referral_source,
            "update_credentials": options.update_credentials or None,
        }.items()
        if value is not None
    }


def date_range(from_date: date, to_date: date) -> dict[str, str]:
    """The window of a list of transactions."""
    return {"from_date": from_date.isoformat(), "to_date": to_date.isoformat()}


def _account_number_identity(row: Payload) -> object:
    """Account numbers have no guid."""
    names = ("account_guid", "account_number", "routing_number")
    return tuple(str(row.get(name)) for name in names)


V1 = Dialect(
    api="atrium",
    version="v1",
    limits=LIMITS,
    paths=PATHS,
    repeatable_posts=REPEATABLE_POSTS,
    headers=headers,
    user_body=lambda identifier: {"user": {"identifier": identifier}},
    user_query=lambda identifier: {},
    identifier_key="identifier",
    widget_body=widget_body,
    widget_url_keys=("user", "connect_widget_url"),
    date_range=date_range,
    holdings_key="holdings",
    holding=holdings.holding,
    account_number_identity=_account_number_identity,
)
API = ApiSpec(
    name="Atrium",
    environments=ENVIRONMENTS,
    versions=(V1.version,),
    capabilities=frozenset(capabilities.ALL) - {capabilities.BILLED_HOLDINGS},
    limits=LIMITS,
    deprecations={
        V1.version: (
            "MX takes no new clients on Atrium; its successor is MX Platform. "
            "docs/moving-to-platform.md says how to move."
        )
    },
)
