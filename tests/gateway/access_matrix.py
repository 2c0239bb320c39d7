"""Who gets what answer from every route: the table behind test_access_matrix.py.

A new route needs one line here. Keys are the paths of the URL configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nucleus.api.record_types import RECORD_TYPES

NO_KEYS = "vendor_not_configured"  # the gate is passed; the tenant of these tests has no vendor
REFUSED = "invalid_request"
LET_IN = NO_KEYS, REFUSED, 200, 201, 202, 204, "COMPLETED"


@dataclass(frozen=True)
class Route:
    """One path of the API.

    Attributes:
        good: method → the answer to the right token: a status, the `code` of a 400, or what
            became of the items of /bulk.
        of: the kind of object that the path, query or body names; None for lists and creation,
            whose answers then must not show other people's ids.
        named_in: where it is named: "path", or a parameter's or body field's name.
        query, body: what else a good request needs.
        many: the body is an array, of one such object.
        tenants_own: not for tokens of one client: 403.
        stranger: method → the answer to another tenant, where it is not 404 or `good`.
        other: the same for the token of another client.
        own: the same for the token of the client that the object belongs to.
        shows: "stranger" or "other" → what a list shows them although it is not theirs.
    """

    good: dict[str, int | str]
    of: str | None = None
    named_in: str = "path"
    query: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    many: bool = False
    tenants_own: bool = False
    stranger: dict[str, int | str] = field(default_factory=dict)
    other: dict[str, int | str] = field(default_factory=dict)
    own: dict[str, int | str] = field(default_factory=dict)
    shows: dict[str, str] = field(default_factory=dict)


def read(kind: str, **more: Any) -> Route:
    return Route({"GET": 200}, of=kind, **more)


def record(kind: str) -> Route:
    return Route({"GET": 200, "PUT": 200, "DELETE": 204}, of=kind)


def made_for(kind: str, *, method: str = "POST", good: int | str = 200, **more: Any) -> Route:
    """Records of a path whose bodies name somebody or something: others' are refused."""
    refusal: Any = {method: more.pop("refusal", REFUSED)}
    return Route({method: good}, of=kind, stranger=refusal, other=refusal, **more)


BODIES = {kind.path: kind.example for kind in RECORD_TYPES}
ACCOUNT, BALANCE, TRANSACTION, HOLDING, BANK_LINK = (
    "aggregation_account",
    "aggregation_account_balance",
    "aggregation_account_transaction",
    "aggregation_account_holding",
    "bank_link",
)


def created(path: str, **more: Any) -> Route:
    """POST of a Nucleus record, for a client or into an account."""
    if path in (ACCOUNT, BANK_LINK):
        return made_for("client", named_in="client_id", body=BODIES[path], **more)
    return made_for("account", named_in="aggregation_account_id", body=BODIES[path], **more)


def changed(kind: str, **more: Any) -> Route:
    """Items of an array, by their ids."""
    return made_for(kind, named_in="id", many=True, **more)


LIST = Route({"GET": 200})
EACH: dict[str, Any] = {"good": "COMPLETED", "refusal": "FAILED"}  # item by itself
PRODUCT = {"product": "atom"}
PULLS = "integration/v1/aggregation"
IDS = "aggregation_account_id_list"

ROUTES: dict[str, Route] = {
    "integration/v1/user": Route(
        {"POST": NO_KEYS}, of="client", named_in="nucleus_client_id", body=PRODUCT
    ),
    "integration/v1/widget_link/<uuid:nucleus_id>": Route({"GET": NO_KEYS}, of="client"),
    "integration/v1/connection": LIST,
    "integration/v1/connection/<uuid:connection_id>": Route(
        {"GET": 200, "DELETE": NO_KEYS}, of="connection"
    ),
    "integration/v1/connection/<uuid:connection_id>/refresh": Route({"POST": 202}, of="connection"),
    "integration/v1/possible_duplicate": LIST,
    "integration/v1/possible_duplicate/<uuid:duplicate_id>": read("possible_duplicate"),
    "integration/v1/possible_duplicate/<uuid:duplicate_id>/dismiss": Route(
        {"POST": 200}, of="possible_duplicate", own={"POST": 403}
    ),
    "integration/v1/account_merge": LIST,
    "integration/v1/account_merge (POST)": Route(  # a 400 for everybody: it takes two ids
        {"POST": REFUSED}
    ),
    "integration/v1/account_merge/<uuid:merge_id>": Route(
        {"GET": 200, "DELETE": 204}, of="account_merge", own={"DELETE": 403}
    ),
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
    "integration/v1/async/status/<uuid:async_id>": read("async"),
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
    "integration/v1/audit_log": LIST,
    "integration/v1/token_exchange": Route(  # a 400 for everybody: MX has no tokens
        {"POST": REFUSED}, of="client", named_in="nucleus_client_id", body=PRODUCT
    ),
    "nucleus/v1/webhook": Route({"GET": 200}, tenants_own=True),
    "nucleus/v1/webhook (POST)": Route(
        {"POST": 200},
        tenants_own=True,
        body={"url": "http://127.0.0.1:9/x", "atom_service": ["aggregation_account"]},
    ),
    "nucleus/v1/webhook/<uuid:webhook_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204}, of="nucleus_webhook", tenants_own=True
    ),
    "nucleus/v1/client": LIST,
    "nucleus/v1/client (POST)": Route(
        {"POST": 201}, tenants_own=True, body={"username": "new", "client_type": "consumer"}
    ),
    "nucleus/v1/client/<uuid:record_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204}, of="client", own={"DELETE": 403}
    ),
    "nucleus/v1/client/<uuid:record_id>/aggregation_account_overview": read("client"),
    "nucleus/v1/business": LIST,
    "nucleus/v1/business (POST)": Route(
        {"POST": 200}, tenants_own=True, body={"legal_name": "Demo Bakery LLC"}
    ),
    "nucleus/v1/business/<uuid:record_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204},
        of="business",
        own={"GET": 404, "PUT": 404, "DELETE": 404},
    ),
    "nucleus/v1/business/<uuid:record_id>/aggregation_account_overview": read(
        "business", own={"GET": 404}
    ),
    f"nucleus/v1/{ACCOUNT}": LIST,
    f"nucleus/v1/{ACCOUNT} (POST)": created(ACCOUNT),
    f"nucleus/v1/{ACCOUNT}/<uuid:record_id>": record("account"),
    f"nucleus/v1/{ACCOUNT}/<uuid:record_id>/aggregate_data": read("account"),
    f"nucleus/v1/{BALANCE}": LIST,
    f"nucleus/v1/{BALANCE} (POST)": created(BALANCE),
    f"nucleus/v1/{BALANCE}/<uuid:record_id>": record("balance"),
    f"nucleus/v1/{TRANSACTION}": LIST,
    f"nucleus/v1/{TRANSACTION} (POST)": created(TRANSACTION),
    f"nucleus/v1/{TRANSACTION}/<uuid:record_id>": record("transaction"),
    f"nucleus/v1/{HOLDING}": LIST,
    f"nucleus/v1/{HOLDING} (POST)": created(HOLDING),
    f"nucleus/v1/{HOLDING}/<uuid:record_id>": record("holding"),
    f"nucleus/v1/{BANK_LINK}": LIST,
    f"nucleus/v1/{BANK_LINK} (POST)": created(BANK_LINK),
    f"nucleus/v1/{BANK_LINK}/<uuid:record_id>": record("bank_link"),
    f"nucleus/v1/bulk_{ACCOUNT} (POST)": created(ACCOUNT, many=True),
    f"nucleus/v1/bulk_{ACCOUNT} (PUT)": changed("account", method="PUT"),
    f"nucleus/v1/bulk_{BALANCE}": created(BALANCE, many=True),
    f"nucleus/v1/bulk_{TRANSACTION}": created(TRANSACTION, many=True),
    f"nucleus/v1/bulk_{HOLDING} (POST)": created(HOLDING, many=True),
    f"nucleus/v1/bulk_{HOLDING} (PUT)": changed("holding", method="PUT"),
    f"nucleus/v1/bulk_{BANK_LINK}": changed("bank_link", method="PUT"),
    "nucleus/v1/bulk/<str:entity_uri> (POST)": created(ACCOUNT, many=True, **EACH),
    "nucleus/v1/bulk/<str:entity_uri> (PUT)": changed("account", method="PUT", **EACH),
    "nucleus/v1/bulk/<str:entity_uri> (DELETE)": changed("account", method="DELETE", **EACH),
    "nucleus/v1/bulk/status/<uuid:bulk_id>": read("bulk"),
    "nucleus/v1/audit_log": Route({"GET": 200}, tenants_own=True),
    "nucleus/v1/audit_log (POST)": Route(
        {"POST": 200},
        tenants_own=True,
        body={"request_url": "https://app.demo.example/consents", "response": "accepted"},
    ),
    "nucleus/v1/audit_log/<uuid:record_id>": read("audit_log", tenants_own=True),
    "nucleus/v1/resource/institution": Route({"GET": 200}, shows={"other": "institution"}),
    "nucleus/v1/resource/institution (POST)": Route(
        {"POST": 200}, tenants_own=True, body={"name": "Savings Bank of Demo"}
    ),
    "nucleus/v1/resource/institution/<uuid:record_id>": Route(
        {"GET": 200, "PUT": 200, "DELETE": 204},
        of="institution",
        other={"GET": 200, "PUT": 403, "DELETE": 403},
        own={"PUT": 403, "DELETE": 403},
    ),
    "nucleus/v1/resource/transaction_category": LIST,
    "nucleus/v1/resource/account_category": LIST,
    "nucleus/v1/resource/merchant_category_code": LIST,
    "nucleus/v1/resource/currency": LIST,
    "nucleus/v1/resource/country": LIST,
    "nucleus/v1/resource/state": LIST,
    "nucleus/v1/resource/fx_rate": LIST,
    "nucleus/v1/resource/fx_rate (POST)": Route(
        {"POST": 200},
        tenants_own=True,
        body={
            "currency_code_from": "EUR",
            "currency_code_to": "USD",
            "exchange_rate": 1.0842,
            "date": "2026-11-20",
        },
        many=True,
    ),
    "nucleus/v1/resource/merchant": Route({"GET": 200}),
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
    "admin": {"GET": 302},
    "accounts/profile/": {"GET": 302},
}
# Screens of the admin that answer people who are not signed in; all others lead to the login.
PUBLIC_SCREENS = {"admin/login/": 200}
