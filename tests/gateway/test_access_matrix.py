"""Every route, method and kind of token: exactly the answer that access_matrix.py says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client as HttpClient
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from gateway.access.authentication import SCOPE_OF
from gateway.access.models import Application
from gateway.access.scopes import ALL_SCOPES
from integrations.flows import account_merges
from integrations.models import (
    AccountLink,
    AsyncTransaction,
    AuditLog,
    Member,
    PossibleDuplicate,
    VendorUser,
    WebhookSubscription,
)
from nucleus import models as nucleus
from nucleus.models import BulkTransaction, Client, Institution, Tenant
from tests.api import Api
from tests.factories.access import ApplicationFactory, access_token, basic
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
    HoldingFactory,
    MerchantFactory,
    TransactionFactory,
)
from tests.gateway.access_matrix import LET_IN, PUBLIC, PUBLIC_SCREENS, ROUTES, Route

pytestmark = pytest.mark.embedded  # who may do what is the same on every database

METHODS = ("GET", "POST", "PUT", "DELETE")
PATH_ARGUMENTS = {
    "integration_type": "aggregation",
    "service": "account",
    "entity_uri": "aggregation_account",
}
REVOKE = "/authorization/v1/oauth/revoke"


def routes() -> Iterator[str]:
    """Every path of the URL configuration."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            else:
                yield path

    return walk(get_resolver().url_patterns, "")


def path_of(name: str) -> str:
    """A key of ROUTES without the method that tells two entries of one path apart."""
    return name.split(" ", maxsplit=1)[0]


CASES = [(name, method) for name, route in ROUTES.items() for method in route.good]


def test_every_route_has_an_entry_and_every_entry_a_route():
    listed = {path_of(name) for name in ROUTES} | set(PUBLIC)
    existing = {path for path in routes() if not path.startswith("admin/")}
    assert existing == listed, "add a line to tests/gateway/access_matrix.py"
    assert len(CASES) == len({(path_of(name), method) for name, method in CASES})


def subscription(tenant: Tenant, **columns: Any) -> WebhookSubscription:
    row = WebhookSubscription(tenant=tenant, url="http://127.0.0.1:9/hook", **columns)
    row.save()
    return row


@pytest.fixture
def owned(nucleus_client: Client) -> dict[str, Any]:
    """One object of every kind, of one client."""
    tenant = nucleus_client.tenant
    business: Any = BusinessFactory(tenant=tenant)
    nucleus_client.business = business  # which its tokens do not reach for that
    nucleus_client.save()
    merchant: Any = MerchantFactory()
    account: Any = AggregationAccountFactory(client=nucleus_client, is_manual=True)
    user = VendorUser.unscoped.create(
        tenant=tenant, client=nucleus_client, vendor="mx", identifier="x", vendor_user_id="USR-1"
    )
    member = Member.unscoped.create(tenant=tenant, vendor_user=user, vendor_member_id="MBR-1")
    AccountLink.unscoped.create(
        vendor="mx",
        vendor_member_id="MBR-1",
        tenant=tenant,
        member=member,
        vendor_account_id="ACT-1",
        aggregation_account=account,
    )
    duplicate: Any = AggregationAccountFactory(client=nucleus_client)
    kept: Any = AggregationAccountFactory(client=nucleus_client)
    merged: Any = AggregationAccountFactory(client=nucleus_client)
    return {
        "client": nucleus_client,
        "account": account,
        "balance": BalanceFactory(aggregation_account=account),
        "transaction": TransactionFactory(aggregation_account=account, merchant_id=merchant.pk),
        "holding": HoldingFactory(aggregation_account=account),
        "bank_link": BankLinkFactory(client=nucleus_client),
        "business": business,
        "account_of_business": AggregationAccountFactory(
            client=None, business=business, tenant=tenant
        ),
        "institution": Institution.objects.create(tenant=tenant, name="Savings Bank of Demo"),
        "merchant": merchant,
        "connection": member,
        "possible_duplicate": PossibleDuplicate.unscoped.create(
            tenant=tenant, aggregation_account=account, other_account=duplicate, reason="x"
        ),
        "account_merge": account_merges.merge(kept=kept, merged=merged, requested_by="x"),
        "webhook": subscription(tenant, integration_service=["async_aggregation_account"]),
        "nucleus_webhook": subscription(
            tenant, api=WebhookSubscription.Api.NUCLEUS, atom_service=["bank_link_verified"]
        ),
        "bulk": BulkTransaction.unscoped.create(tenant=tenant, client=nucleus_client),
        "audit_log": nucleus.AuditLog.unscoped.create(tenant=tenant, request_url="x", response="x"),
        "vendor_call": AuditLog.objects.create(
            tenant=tenant, client_id=nucleus_client.pk, method="GET", status=200, duration_ms=1
        ),
        "async": AsyncTransaction.unscoped.create(
            tenant=tenant, client=nucleus_client, integration_type="aggregation", service="account"
        ),
    }


def request_of(name: str, route: Route, method: str, owned: dict[str, Any]) -> Callable[[str], Any]:
    """The request that names the object, as a function of the token."""
    pk = str(owned[route.of].pk) if route.of else ""
    path = re.sub(r"<\w+:(\w+)>", lambda match: PATH_ARGUMENTS.get(match[1], pk), path_of(name))
    body, query = dict(route.body), route.query
    if route.of and route.named_in != "path":
        if method == "GET":
            query = f"{query}&{route.named_in}={pk}".strip("&")
        else:
            body[route.named_in] = pk
    address = f"/{path}" + (f"?{query}" if query else "")

    def send(token: str) -> Any:
        api = Api(token)
        call = getattr(api, method.lower())
        return (
            call(address) if method == "GET" else call(address, body=[body] if route.many else body)
        )

    return send


def outcome_of(response: Any) -> int | str:
    """The status, or the code of a 400, or what became of the items of /bulk."""
    if response.status_code == 400:
        return str(response.data["code"])
    if isinstance(response.data, dict) and "entity_uri" in response.data.get("data", ()):
        return str(response.data["status"])
    return int(response.status_code)


def shown_by(response: Any, owned: dict[str, Any]) -> list[str]:
    """The kinds of the objects that an answer names."""
    text = response.content.decode()
    return [kind for kind, row in owned.items() if str(row.pk) in text]


def row_of(row: Model) -> Any:
    manager: Any = type(row)._base_manager
    return manager.filter(pk=row.pk).values().get()


@pytest.mark.parametrize(("name", "method"), CASES)
def test_the_matrix(
    application: Application, owned: dict[str, Any], settings: Any, name: str, method: str
):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    route = ROUTES[name]
    send = request_of(name, route, method, owned)
    before = {kind: row_of(row) for kind, row in owned.items()}

    revoked = access_token(application)
    headers = {"Authorization": basic(application)}
    assert HttpClient().post(REVOKE, {"token": revoked}, headers=headers).status_code == 200
    past = timezone.now() - timedelta(seconds=1)
    for token in ("", "nonsense", access_token(application, expires=past), revoked):
        response = send(token)
        assert response.status_code == 401
        assert response.data["message"]
        assert response["WWW-Authenticate"].startswith("Bearer")

    needed = SCOPE_OF[method]
    other_scopes = " ".join(scope for scope in ALL_SCOPES if scope != needed)
    unscoped = send(access_token(application, scope=other_scopes))
    assert unscoped.status_code == 403
    assert needed in unscoped.data["message"]

    good = route.good[method]
    foreign_application = ApplicationFactory()
    other_client = ClientFactory(tenant=application.tenant)
    foreign = send(access_token(foreign_application))
    other = send(access_token(application, client=other_client))
    assert outcome_of(foreign) == route.stranger.get(method, 404 if route.of else good)
    default = 403 if route.tenants_own else 404 if route.of else good
    assert outcome_of(other) == route.other.get(method, default)
    if not route.of:
        for name_of, response in (("stranger", foreign), ("other", other)):
            common = route.shows.get(name_of)
            assert shown_by(response, owned) == ([common] if common else [])
    assert {kind: row_of(row) for kind, row in owned.items()} == before  # nothing has happened

    with transaction.atomic():
        own = send(access_token(application, client=owned["client"]))
        transaction.set_rollback(True)
    assert outcome_of(own) == route.own.get(method, 403 if route.tenants_own else good)
    assert outcome_of(send(access_token(application, scope=needed))) == good
    assert good in LET_IN


@pytest.mark.parametrize("path", sorted({path_of(name) for name in ROUTES}))
def test_other_methods_are_not_there(application: Application, owned: dict[str, Any], path: str):
    entries = [(name, route) for name, route in ROUTES.items() if path_of(name) == path]
    offered = {method for _, route in entries for method in route.good}
    for method in set(METHODS) - offered:
        response = request_of(*entries[0], method, owned)(access_token(application))
        assert response.status_code == 405, method
        assert response.data["code"] == "method_not_allowed"


def test_public_paths(db: Any):
    http = HttpClient(raise_request_exception=False)
    for path, methods in PUBLIC.items():
        address = "/" + re.sub(r"<\w+:\w+>", "x", path)
        for method, status in methods.items():
            assert http.generic(method, address).status_code == status, address


def test_the_admin_is_for_staff(db: Any):
    http = HttpClient(raise_request_exception=False)
    screens = [path for path in routes() if path.startswith("admin/")]
    assert len(screens) > 50
    for path in screens:
        plain = re.sub(r"\^\(\?P<app_label>.*\)/\$", "nucleus/", path)
        plain = re.sub(r"<\w+:\w+>", "1", plain).replace("(?P<url>.*)$", "nothing/")
        response = http.get(f"/{plain}")
        expected = PUBLIC_SCREENS.get(path, 302)
        assert response.status_code == expected, path
        if expected == 302:
            assert response["Location"].startswith("/admin/"), path
