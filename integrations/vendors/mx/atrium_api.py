"""How Atrium says things: hosts, headers, paths, keys. The Platform API will be a sibling."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.vendors import capabilities
from integrations.vendors.base import VendorConfig
from integrations.vendors.records import WidgetOptions

ENVIRONMENTS = {
    "production": "https://atrium.mx.com",
    "development": "https://vestibule.mx.com",
}
WIDGET_DOMAINS = (".mx.com", ".moneydesktop.com")  # the widget is served from int-widgets.… there
CAPABILITIES = frozenset(capabilities.ALL)
PAGE_SIZE = 100  # Atrium's most

# operation: (method, path template). Placeholders are the vendor's own ids.
PATHS: Mapping[str, tuple[str, str]] = {
    "create_user": ("POST", "/users"),
    "list_users": ("GET", "/users"),
    "read_user": ("GET", "/users/{user}"),
    "delete_user": ("DELETE", "/users/{user}"),
    "create_widget_url": ("POST", "/users/{user}/connect_widget_url"),
    "read_institution": ("GET", "/institutions/{institution}"),
    "list_members": ("GET", "/users/{user}/members"),
    "read_member": ("GET", "/users/{user}/members/{member}"),
    "delete_member": ("DELETE", "/users/{user}/members/{member}"),
    "start_aggregation": ("POST", "/users/{user}/members/{member}/aggregate"),
    "start_verification": ("POST", "/users/{user}/members/{member}/verify"),
    "list_member_accounts": ("GET", "/users/{user}/members/{member}/accounts"),
    "read_account": ("GET", "/users/{user}/accounts/{account}"),
    "list_transactions": ("GET", "/users/{user}/accounts/{account}/transactions"),
    "list_holdings": ("GET", "/users/{user}/accounts/{account}/holdings"),
    "list_account_numbers": ("GET", "/users/{user}/members/{member}/account_numbers"),
    "list_account_owners": ("GET", "/users/{user}/members/{member}/account_owners"),
    "read_merchant": ("GET", "/merchants/{merchant}"),
    "read_merchant_location": ("GET", "/merchant_locations/{location}"),
}
# What may be done twice when nobody knows whether MX has done it: every GET and DELETE, and these
# POSTs, for the reason given. Any other POST is only repeated when MX cannot have received it.
REPEATABLE_POSTS: Mapping[str, str] = {
    "create_user": "a second one of the same identifier is a 409, and the first is adopted",
    "create_widget_url": "every link is a new one; those nobody opens lapse",
    "start_aggregation": "while the first runs, a second is a 409",
    "start_verification": "while the first runs, a second is a 409",
}


def is_repeatable(operation: str) -> bool:
    """Whether doing it twice is doing it once."""
    return PATHS[operation][0] in ("GET", "DELETE") or operation in REPEATABLE_POSTS


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
    return body
