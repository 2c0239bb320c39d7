"""The admin's menu, and other settings of Unfold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.module_loading import import_string

Entry = tuple[str, str, str]  # title, icon, screen
SETUP = "Set-up"
MENU: list[tuple[str, list[Entry]]] = [
    (
        SETUP,
        [
            ("Credentials", "key", "integrations_vendorcredential"),
            ("Settings", "tune", "integrations_aggregationsettings"),
            ("Tenants", "domain", "nucleus_tenant"),
            ("API applications", "apps", "access_application"),
            ("Currency rates", "currency_exchange", "nucleus_currencyrate"),
        ],
    ),
    (
        "Customers",
        [
            ("Customers", "person", "nucleus_client"),
            ("Businesses", "storefront", "nucleus_business"),
            ("Connections", "link", "integrations_member"),
            ("Accounts", "account_balance", "nucleus_aggregationaccount"),
            ("Balances", "savings", "nucleus_aggregationaccountbalance"),
            ("Transactions", "receipt", "nucleus_aggregationaccounttransaction"),
            ("Holdings", "monitoring", "nucleus_aggregationaccountholding"),
            ("Bank links", "verified", "nucleus_banklink"),
        ],
    ),
    (
        "Operations",
        [
            ("Jobs", "work_history", "integrations_job"),
            ("Inbound webhooks", "move_to_inbox", "integrations_inboundwebhook"),
            ("Vendor calls", "receipt_long", "integrations_auditlog"),
            ("Webhooks", "webhook", "integrations_webhooksubscription"),
            ("Webhook deliveries", "outgoing_mail", "integrations_webhookdelivery"),
            ("Erasures", "person_remove", "integrations_erasure"),
        ],
    ),
    (
        "Advanced",
        [
            ("Vendor users", "badge", "integrations_vendoruser"),
            ("Account links", "swap_horiz", "integrations_accountlink"),
            ("Possible duplicates", "content_copy", "integrations_possibleduplicate"),
            ("Account merges", "merge", "integrations_accountmerge"),
            ("API moves", "move_up", "integrations_apimove"),
        ],
    ),
    (
        "Staff",
        [
            ("Users", "group", "auth_user"),
            ("Roles", "shield", "auth_group"),
            ("Who did what", "history", "nucleus_staffaction"),
        ],
    ),
]


# Screens whose entry shows a number, by the function that counts.
BADGES = {"integrations_member": "gateway.admin_badges.connections_needing_staff"}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu entries that this user may open, without empty groups."""
    overview = {"title": "Overview", "icon": "monitoring", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [overview]}]
    for title, entries in MENU:
        items = [
            _item(*entry) | _badge(entry[2], request)
            for entry in entries
            if permission_to(entry[2])(request)
        ]
        if title == SETUP:
            items = [*_setup_pages(request), *items]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _setup_pages(request: HttpRequest) -> list[dict[str, Any]]:
    """The doctor, with the number of things to fix, for those who may look at credentials."""
    if not permission_to("integrations_vendorcredential")(request):
        return []
    # Needs models, which are loaded after the settings that name this module.
    from gateway.diagnostics import report  # noqa: PLC0415

    doctor = {"title": "Doctor", "icon": "stethoscope", "link": reverse("admin:doctor")}
    number = report.problems(request.user)
    setup = {"title": "Set-up steps", "icon": "checklist", "link": reverse("admin:setup")}
    return [setup, doctor | ({"badge": number, "badge_variant": "danger"} if number else {})]


def permission_to(screen: str) -> Callable[[HttpRequest], bool]:
    """A function that returns whether the user of a request may open the screen."""

    def is_allowed(request: HttpRequest) -> bool:
        for model, model_admin in admin.site._registry.items():  # noqa: SLF001 - has no public name
            if f"{model._meta.app_label}_{model._meta.model_name}" == screen:
                return model_admin.has_view_or_change_permission(request)
        return False

    return is_allowed


def _item(title: str, icon: str, screen: str) -> dict[str, Any]:
    # Unfold compares every link with every tab's: a lazy one would be resolved each time.
    return {"title": title, "icon": icon, "link": reverse(f"admin:{screen}_changelist")}


def _badge(screen: str, request: HttpRequest) -> dict[str, str]:
    """The number beside the entry, if there is anything to count."""
    if screen not in BADGES:
        return {}
    number = import_string(BADGES[screen])(request)
    return {"badge": number} if number else {}


def _connection_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The quick filters of the list of connections."""
    from integrations.admin.connection_filters import ATTENTION  # noqa: PLC0415 - needs the models

    path = reverse("admin:integrations_member_changelist")
    chosen = request.GET.get("attention", "")
    titles = {"": "All"} | {name: title for name, (title, _) in ATTENTION.items()}
    return [
        {
            "title": title,
            "link": f"{path}?attention={name}" if name else path,
            "active": chosen == name,
            "permission": permission_to("integrations_member"),
        }
        for name, title in titles.items()
    ]


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The tabs above lists."""
    screens = {"Aggregation": "aggregationsettings", "Verification": "verificationsettings"}
    return [
        {
            "models": [f"integrations.{screen}" for screen in screens.values()],
            "items": [
                _item(title, "", f"integrations_{screen}")
                | {"permission": permission_to(f"integrations_{screen}")}
                for title, screen in screens.items()
            ],
        },
        {"models": ["integrations.member"], "items": _connection_tabs(request)},
    ]


def _static(path: str) -> Callable[[HttpRequest], str]:
    """The address of a static file, which is known only once the settings are loaded."""
    return lambda request: static(path)


UNFOLD = {
    "SITE_TITLE": "Integration gateway",
    "SITE_HEADER": "Integration gateway",
    "SITE_SYMBOL": "hub",
    "SHOW_VIEW_ON_SITE": False,
    "SITE_URL": None,  # there is no other site to view
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("gateway/favicon.svg")}
    ],
    "STYLES": [_static("gateway/admin.css")],
    "SCRIPTS": [_static("gateway/admin.js")],
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
            {"title": "Second factor", "link": reverse_lazy("admin:second_factor")},
            {"title": "Sessions", "link": reverse_lazy("admin:own_sessions")},
        ],
    },
    "DASHBOARD_CALLBACK": "gateway.admin.overview.add_to_context",
    "ENVIRONMENT": "gateway.admin_badges.environment",
    "SIDEBAR": {
        "show_search": True,
        "navigation": navigation,
    },
    "TABS": tabs,
}
