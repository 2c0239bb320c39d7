"""The rows of benchmarks.admin_pages: a tenant as large as staff ever see one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from benchmarks import growth_rows
from integrations.models import (
    AccountLink,
    AuditLog,
    InboundWebhook,
    Job,
    JobState,
    Member,
    OutboundEvent,
    VendorUser,
    WebhookDelivery,
    WebhookSubscription,
)
from nucleus.models import AggregationAccount, Client, Tenant

TRANSACTIONS, CLIENTS, ACCOUNTS = 1_000_000, 20_000, 100_000
JOBS, CALLS, WEBHOOKS, DELIVERIES = 50_000, 300_000, 100_000, 50_000
RARE_WORD = "ada"
BATCH = 5000
# Of every ten connections; the rest are connected.
STATUSES = [("DENIED", "end_user", "repair"), ("FAILED", "vendor", "wait"), ("GONE", "", "")]
Build = Callable[[int], Model]


def fill(tenant: Tenant, share: float) -> dict[str, int]:
    """Make the rows; returns how many of each kind."""

    def part(count: int) -> int:
        return max(20, round(count * share))

    growth_rows.fill([growth_rows.Sized(tenant, 1, part(TRANSACTIONS))])
    now = timezone.now()
    clients = _make(Client, part(CLIENTS), lambda n: _client(tenant, n))
    users = _make(VendorUser, len(clients), lambda n: _user(tenant, clients[n], n))
    members = _make(Member, len(users), lambda n: _member(tenant, users[n], now, n))
    accounts = _make(
        AggregationAccount, part(ACCOUNTS), lambda n: _account(tenant, clients[n % len(clients)], n)
    )
    _make(AccountLink, len(accounts), lambda n: _link(tenant, members, accounts[n], now, n))
    _make(Job, part(JOBS), lambda n: _job(tenant, members, now, n))
    _make(AuditLog, part(CALLS), lambda n: _call(tenant, clients, n))
    _make(InboundWebhook, part(WEBHOOKS), lambda n: _webhook(tenant, members, n))
    _deliveries(tenant, part(DELIVERIES))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    models = (Client, AggregationAccount, Member, Job, AuditLog, InboundWebhook, WebhookDelivery)
    return {str(model._meta.verbose_name_plural): _count(model) for model in models}


def _count(model: Any) -> int:
    return int(model._base_manager.count())


def _make(model: Any, count: int, build: Build) -> list[Any]:
    rows: list[Any] = []
    for first in range(0, count, BATCH):
        batch = [build(number) for number in range(first, min(first + BATCH, count))]
        rows += model._base_manager.bulk_create(batch)
    return rows


def _client(tenant: Tenant, n: int) -> Model:
    name = f"{RARE_WORD if n == 7 else 'person'}-{n}"
    return Client(
        tenant=tenant, username=name, username_key=name, client_type="consumer",
        email=f"{name}@demo.example", first_name="Grace", last_name=f"Number {n}",
    )  # fmt: skip


def _user(tenant: Tenant, client: Any, n: int) -> Model:
    return VendorUser(
        tenant=tenant, client=client, vendor="mx", identifier=str(n), vendor_user_id=f"USR-{n}"
    )


def _member(tenant: Tenant, user: Any, now: datetime, n: int) -> Model:
    status, actor, step = STATUSES[n % 10] if n % 10 < len(STATUSES) else ("CONNECTED", "", "")
    return Member(
        tenant=tenant, vendor_user=user, vendor_member_id=f"MBR-{n}", name="MX Bank",
        connection_status=status, actor=actor, next_step=step,
        aggregated_at=now - timedelta(minutes=n), synced_at=now - timedelta(minutes=n),
        checked_at=now - timedelta(minutes=n % 600),
    )  # fmt: skip


def _account(tenant: Tenant, client: Any, n: int) -> Model:
    return AggregationAccount(
        tenant=tenant, client=client, account_name=f"Checking {n}", institution_name="MX Bank",
        category="Bank Account", currency_code="USD",
    )  # fmt: skip


def _link(tenant: Tenant, members: Sequence[Any], account: Any, now: datetime, n: int) -> Model:
    member = members[n % len(members)]
    return AccountLink(
        tenant=tenant, member=member, vendor="mx", vendor_member_id=member.vendor_member_id,
        vendor_account_id=f"ACT-{n}", aggregation_account=account, transactions_retrieved_at=now,
    )  # fmt: skip


def _job(tenant: Tenant, members: Sequence[Any], now: datetime, n: int) -> Model:
    state = JobState.DEAD if n % 50 == 0 else JobState.DONE
    return Job(
        tenant=tenant, kind="sync_member", payload={"member_id": str(members[n % len(members)].pk)},
        state=state, run_at=now - timedelta(minutes=n), finished_at=now,
        last_error="vendor_refused" if state is JobState.DEAD else "",
    )  # fmt: skip


def _call(tenant: Tenant, clients: Sequence[Any], n: int) -> Model:
    return AuditLog(
        tenant=tenant, vendor="mx", operation=f"operation_{n % 12}", method="GET",
        path_template="/users/{}/members/{}", status=500 if n % 97 == 0 else 200,
        duration_ms=n % 900, error="vendor_down" if n % 97 == 0 else "",
        client_id=clients[n % len(clients)].pk, request_id=f"request-{n}",
    )  # fmt: skip


def _webhook(tenant: Tenant, members: Sequence[Any], n: int) -> Model:
    state = InboundWebhook.State
    return InboundWebhook(
        tenant=tenant, vendor="mx", kind="member.aggregation", body="{}", digest=str(n),
        vendor_member_id=members[n % len(members)].vendor_member_id,
        state=state.QUARANTINED if n % 40 == 0 else state.HANDLED,
    )  # fmt: skip


def _deliveries(tenant: Tenant, count: int) -> None:
    subscription = WebhookSubscription(tenant=tenant, url="https://demo.example/hook")
    subscription.save()
    events = _make(
        OutboundEvent, count, lambda n: OutboundEvent(tenant=tenant, type="t", payload="{}")
    )
    state = WebhookDelivery.State
    _make(
        WebhookDelivery,
        count,
        lambda n: WebhookDelivery(
            tenant=tenant, event=events[n], subscription=subscription,
            state=state.FAILED if n % 30 == 0 else state.DELIVERED,
        ),
    )  # fmt: skip
