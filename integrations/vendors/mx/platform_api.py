"""MX Platform: hosts, headers, paths and keys of each version.

Sources: MX's OpenAPI documents v20111101 and v20250224 (github.com/mxenabled/openapi), and MX's
guides on versions, formats and errors.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from integrations.vendors import capabilities
from integrations.vendors.base import VendorConfig
from integrations.vendors.limits import Limits
from integrations.vendors.mx import atrium_api, holdings
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.mx.values import Payload
from integrations.vendors.records import WidgetOptions
from integrations.vendors.spec import ApiSpec

ENVIRONMENTS = {
    "production": "https://api.mx.com",
    "development": "https://int-api.mx.com",
}
LIMITS = Limits(
    poll_seconds=3.0,
    page_size=1000,  # the most; MX uses 25 when it is asked for more
    window_days_back=90,  # as with Atrium, and as much as the first retrieval lists by default
    window_days_ahead=5,
    history_days=731,
    lists_windows_completely=True,
    absent_holding_fields=frozenset({"cusip"}),
)

# operation: (method, path template). Placeholders are MX's ids. Lists are those of a member or an
# account: lists of a user go on showing the rows of deleted members.
PATHS: Mapping[str, tuple[str, str]] = {
    "create_user": ("POST", "/users"),
    "list_users": ("GET", "/users"),
    "read_user": ("GET", "/users/{user}"),
    "update_user": ("PUT", "/users/{user}"),
    "delete_user": ("DELETE", "/users/{user}"),
    "create_widget_url": ("POST", "/users/{user}/widget_urls"),
    "read_institution": ("GET", "/institutions/{institution}"),
    "list_members": ("GET", "/users/{user}/members"),
    "read_member": ("GET", "/users/{user}/members/{member}"),
    "delete_member": ("DELETE", "/users/{user}/members/{member}"),
    "start_aggregation": ("POST", "/users/{user}/members/{member}/aggregate"),
    "start_balance_check": ("POST", "/users/{user}/members/{member}/check_balance"),
    "start_history": ("POST", "/users/{user}/members/{member}/extend_history"),
    "start_verification": ("POST", "/users/{user}/members/{member}/verify"),
    "list_member_accounts": ("GET", "/users/{user}/members/{member}/accounts"),
    "read_account": ("GET", "/users/{user}/accounts/{account}"),
    "list_transactions": ("GET", "/users/{user}/accounts/{account}/transactions"),
    "read_transaction": ("GET", "/users/{user}/transactions/{transaction}"),
    "list_holdings": ("GET", "/users/{user}/accounts/{account}/investment_holdings"),
    "deactivate_holdings": ("GET", "/users/{user}/investment_holdings_deactivate"),
    "list_account_numbers": ("GET", "/users/{user}/members/{member}/account_numbers"),
    "list_account_owners": ("GET", "/users/{user}/members/{member}/account_owners"),
    "read_merchant": ("GET", "/merchants/{merchant}"),
    "read_merchant_location": ("GET", "/merchant_locations/{location}"),
}
# What MX makes is not everywhere at once: these may be 404 for about half a second.
LAGGING = frozenset({"create_widget_url", "read_member"})
# Atrium's defaults, which Platform's differ from. The embed snippet of MX's integration guide
# listens to the messages before version 4, and apps listen to the scheme of their links.
MESSAGE_VERSION = 3
WEBVIEW_SCHEME = "atrium"


def _headers(accept: str, version: str, config: VendorConfig) -> dict[str, str]:
    """Authentication and version."""
    pair = f"{config.client_id}:{config.secret}"
    return {
        "Accept": accept,
        "Accept-Version": version,
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "User-Agent": "integration-gateway",
    }


def _options(options: WidgetOptions) -> dict[str, object]:
    """What both versions understand of the widget's options."""
    body: dict[str, object] = {
        "widget_type": "connect_widget",
        "ui_message_version": options.message_version or MESSAGE_VERSION,
        "oauth_referral_source": options.oauth_referral_source or "BROWSER",
    }
    if options.is_mobile_webview:
        body["is_mobile_webview"] = True
    if options.webview_url_scheme or options.is_mobile_webview:
        body["ui_message_webview_url_scheme"] = options.webview_url_scheme or WEBVIEW_SCHEME
    return body | {
        name: value
        for name, value in {
            "client_redirect_url": options.redirect_url,
            "color_scheme": options.color_scheme,
            "current_institution_code": options.institution_code,
            "current_member_guid": options.member_id,
            "disable_institution_search": options.disable_institution_search or None,
            "update_credentials": options.update_credentials or None,
        }.items()
        if value is not None
    }


def _widget_2011(options: WidgetOptions) -> dict[str, object]:
    """The body of widget_urls. Members made for verification are not refreshed unless asked for."""
    body = _options(options)
    body["mode"] = "verification" if options.verification else "aggregation"
    if options.include_identity:
        body["include_identity"] = True
    includes, disables = options.include_transactions, options.disable_background_imports
    if options.verification and options.is_aggregated:
        disables = bool(disables)
    if includes is not None:
        body["include_transactions"] = includes
    if disables is not None:
        body["disable_background_agg"] = disables
    return {"widget_url": body}


def _widget_2025(options: WidgetOptions) -> dict[str, object]:
    """The body of widget_urls. Products stand for the mode; balances always come."""
    products = ["account_verification"] if options.verification else ["transactions"]
    includes = options.include_transactions
    if options.verification and (options.is_aggregated if includes is None else includes):
        products.append("transactions")
    if options.include_identity:
        products.append("identity_verification")
    return {"widget_url": {**_options(options), "data_request": {"products": products}}}


def _seconds(from_date: date, to_date: date) -> dict[str, str]:
    """The window of a list of transactions; MX counts up to the midnight that ends it."""
    return {
        "from_date": _midnight(from_date),
        "to_date": _midnight(to_date + timedelta(days=1)),
    }


def _midnight(day: date) -> str:
    return str(int(datetime.combine(day, time(), UTC).timestamp()))


def _account_number_identity(row: Payload) -> object:
    return row.get("guid")


V20111101 = Dialect(
    api="platform",
    version="v20111101",
    limits=LIMITS,
    paths=PATHS,
    repeatable_posts=atrium_api.REPEATABLE_POSTS,
    headers=lambda config: _headers("application/vnd.mx.api.v1+json", "v20111101", config),
    user_body=lambda identifier: {"user": {"id": identifier}},
    user_query=lambda identifier: {"id": identifier},
    identifier_key="id",
    widget_body=_widget_2011,
    widget_url_keys=("widget_url", "url"),
    date_range=atrium_api.date_range,
    transaction_query={"includes": "repeating_transactions,merchants,classifications,geolocations"},
    holdings_key="investment_holdings",
    holding=holdings.investment_holding,
    account_number_identity=_account_number_identity,
    lagging=LAGGING,
)
V20250224 = replace(
    V20111101,
    version="v20250224",
    headers=lambda config: _headers("application/json", "v20250224", config),
    widget_body=_widget_2025,
    date_range=_seconds,
)
API = ApiSpec(
    name="Platform",
    environments=ENVIRONMENTS,
    versions=(V20111101.version, V20250224.version),
    capabilities=frozenset(capabilities.ALL),
    limits=LIMITS,
    deprecations={
        V20111101.version: (
            "MX has a newer version, so it will deprecate this one and end it a year later. "
            "Choose the newest version."
        )
    },
)
