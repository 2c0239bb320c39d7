"""Who gets what answer from every route: the table behind test_access_matrix.py.

A new route needs one line here. Keys are the paths of the URL configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NO_KEYS = "vendor_not_configured"  # the gate is passed; the tenant of these tests has no vendor
LET_IN = NO_KEYS, 200, 201, 204


@dataclass(frozen=True)
class Route:
    """One path of the API.

    Attributes:
        good: method → the answer to the right token, a status or the `code` of a 400.
        of: the kind of object that the path, query or body names; None for lists and creation,
            whose answers then must not show other people's ids.
        named_in: where it is named: "path", or a parameter's or body field's name.
        query, body: what else a good request needs.
        tenants_own: not for tokens of one client: 403.
        stranger: method → the answer to another tenant, where it is not 404 or `good`.
        other: the same for the token of another client.
    """

    good: dict[str, int | str]
    of: str | None = None
    named_in: str = "path"
    query: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    tenants_own: bool = False
    stranger: dict[str, int | str] = field(default_factory=dict)
    other: dict[str, int | str] = field(default_factory=dict)


def record(kind: str) -> Route:
    return Route({"GET": 200}, of=kind)


LIST = Route({"GET": 200})
PRODUCT = {"product": "atom"}
PULLS = "integration/v1/aggregation"
IDS = "aggregation_account_id_list"

ROUTES: dict[str, Route] = {
    "integration/v1/user": Route(
        {"POST": NO_KEYS}, of="client", named_in="nucleus_client_id", body=PRODUCT
    ),
    "integration/v1/widget_link/<uuid:nucleus_id>": Route({"GET": NO_KEYS}, of="client"),
    f"{PULLS}/account": Route({"GET": NO_KEYS}, of="account", named_in=IDS),
    f"{PULLS}/account (POST)": Route(
        {"POST": NO_KEYS}, of="client", named_in="nucleus_client_id", body=PRODUCT
    ),
    f"{PULLS}/account/<uuid:account_id>": Route({"GET": NO_KEYS, "DELETE": 204}, of="account"),
    f"{PULLS}/balance": Route({"GET": NO_KEYS}, of="account", named_in=IDS),
    f"{PULLS}/balance/<uuid:account_id>": Route({"GET": NO_KEYS}, of="account"),
    f"{PULLS}/transaction": Route({"GET": NO_KEYS}, of="account", named_in=IDS),
    f"{PULLS}/transaction/<uuid:account_id>": Route({"GET": NO_KEYS}, of="account"),
    f"{PULLS}/holding": Route({"GET": NO_KEYS}, of="account", named_in=IDS),
    f"{PULLS}/holding/<uuid:account_id>": Route({"GET": NO_KEYS}, of="account"),
    "integration/v1/webhook": Route({"GET": 200}, tenants_own=True),
    "integration/v1/webhook (POST)": Route(
        {"POST": 200},
        tenants_own=True,
        body={"url": "http://127.0.0.1:9/x", "extended_events": ["aggregation_account_status"]},
    ),
    "integration/v1/webhook/<uuid:webhook_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204},
        of="webhook",
        tenants_own=True,
    ),
    "integration/v1/async/status/<uuid:async_id>": record("async"),
    "integration/v1/async/<str:integration_type>/<str:service>": Route({"GET": 200, "POST": 200}),
    "integration/v1/async/<str:integration_type>/<str:service>/<uuid:account_id>": Route(
        {"GET": 200}, of="account"
    ),
    "integration/v1/iav": Route(
        {"POST": NO_KEYS},
        of="client",
        named_in="nucleus_client_id",
        body=PRODUCT | {"vendor_request": {"member_id": "MBR-1"}},
    ),
    "integration/v1/iav/<uuid:bank_link_id>": Route({"GET": 200, "DELETE": 204}, of="bank_link"),
    "nucleus/v1/client": LIST,
    "nucleus/v1/client (POST)": Route(
        {"POST": 201}, tenants_own=True, body={"username": "new", "client_type": "consumer"}
    ),
    "nucleus/v1/client/<uuid:record_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204}, of="client"
    ),
    "nucleus/v1/aggregation_account": LIST,
    "nucleus/v1/aggregation_account/<uuid:record_id>": record("account"),
    "nucleus/v1/aggregation_account_balance": LIST,
    "nucleus/v1/aggregation_account_balance/<uuid:record_id>": record("balance"),
    "nucleus/v1/aggregation_account_transaction": LIST,
    "nucleus/v1/aggregation_account_transaction/<uuid:record_id>": record("transaction"),
    "nucleus/v1/aggregation_account_holding": LIST,
    "nucleus/v1/aggregation_account_holding/<uuid:record_id>": record("holding"),
    "nucleus/v1/bank_link": LIST,
    "nucleus/v1/bank_link/<uuid:record_id>": record("bank_link"),
}

# What asks for no token of ours: method → the answer to somebody who brings nothing.
PUBLIC: dict[str, dict[str, int]] = {
    "authorization/v1/oauth/token": {"POST": 401},
    "authorization/v1/oauth/revoke": {"POST": 401},
    "authorization/v1/client-token": {"POST": 401},
    "webhooks/<str:vendor>/<str:path>": {"POST": 404, "GET": 405},
    "health/live": {"GET": 200},
    "health/ready": {"GET": 200},
    "metrics": {"GET": 404},  # there is no such page without METRICS_TOKEN
    "openapi.yaml": {"GET": 200},
    "": {"GET": 302},
    "docs": {"GET": 200},
    "redoc": {"GET": 200},
}
# Screens of the admin that answer people who are not signed in; all others lead to the login.
PUBLIC_SCREENS = {"admin/login/": 200}
