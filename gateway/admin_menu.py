"""What the admin shows in its menu."""

from __future__ import annotations

from typing import Any

from django.urls import reverse_lazy


def _item(title: str, icon: str, screen: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{screen}_changelist")}


def _menu(title: str, *items: tuple[str, str, str]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": [_item(*item) for item in items]}


UNFOLD = {
    "SITE_TITLE": "Integration gateway",
    "SITE_HEADER": "Integration gateway",
    "SITE_SYMBOL": "hub",
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            _menu(
                "Set-up",
                ("Credentials", "key", "integrations_vendorcredential"),
                ("Settings", "tune", "integrations_aggregationsettings"),
                ("Tenants", "domain", "nucleus_tenant"),
                ("API applications", "apps", "access_application"),
            ),
            _menu(
                "Connections",
                ("Members", "link", "integrations_member"),
                ("Vendor users", "badge", "integrations_vendoruser"),
                ("Account links", "swap_horiz", "integrations_accountlink"),
            ),
            _menu(
                "Nucleus",
                ("Clients", "person", "nucleus_client"),
                ("Businesses", "storefront", "nucleus_business"),
                ("Aggregation accounts", "account_balance", "nucleus_aggregationaccount"),
                ("Bank links", "verified", "nucleus_banklink"),
                ("Currency rates", "currency_exchange", "nucleus_currencyrate"),
            ),
            _menu(
                "Operations",
                ("Jobs", "work_history", "integrations_job"),
                ("Vendor webhooks", "move_to_inbox", "integrations_inboundwebhook"),
                ("Vendor calls", "receipt_long", "integrations_auditlog"),
                ("Webhooks", "webhook", "integrations_webhooksubscription"),
                ("Webhook deliveries", "outgoing_mail", "integrations_webhookdelivery"),
                ("Erasures", "person_remove", "integrations_erasure"),
            ),
            _menu("Staff", ("Users", "group", "auth_user"), ("Roles", "shield", "auth_group")),
        ],
    },
    "TABS": [
        {
            "models": ["integrations.aggregationsettings", "integrations.verificationsettings"],
            "items": [
                _item("Aggregation", "", "integrations_aggregationsettings"),
                _item("Verification", "", "integrations_verificationsettings"),
            ],
        }
    ],
}
