"""What support needs to see of one customer, without anything that tells who they are.

Redacted by allow-list: a column that is not named here is not in it. There are ids, states, times,
counts and codes, and texts that the gateway itself wrote about connections and checks; no names,
contact data, numbers, amounts, descriptions, bodies, free texts of people or vendors, or secrets.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from integrations.flows import customer_overview, customer_time_line
from integrations.flows.customer_overview import CustomerOverview
from integrations.models import (
    AccountLink,
    AggregationSettings,
    Diagnosis,
    VendorCredential,
    VerificationSettings,
)
from nucleus.models import AggregationAccount, Business, Client, StaffAction

MAX_ROWS = 200  # of each kind, the newest
TIMES = ("create_date", "update_date")
WORD = re.compile(r"[A-Z][A-Za-z]+(?:Error|Failed|Refused|Unavailable|Timeout|Exception)\b")

CUSTOMER = ("id", "tenant_id", "is_active", "is_verified", *TIMES)
VENDOR_USER = ("id", "vendor", "vendor_user_id", "missing_vendor_user_id", "disabled_at", *TIMES)
CONNECTION = (
    "id", "vendor_user_id", "vendor_member_id", "institution_id", "connection_status",
    "is_aggregating", "aggregated_at", "successfully_aggregated_at", "is_refreshed_by_vendor",
    "declines_imports", "broken_since", "next_sync_at", "synced_at", "synced_through",
    "checked_at", *TIMES,
)  # fmt: skip
ACCOUNT = (
    "id", "category", "subcategory", "currency_code", "is_active", "is_manual", "is_classified",
    "is_link_verified", *TIMES,
)  # fmt: skip
LINK = (
    "id", "member_id", "vendor_account_id", "aggregation_account_id", "generation", "ended_at",
    "end_reason", "can_verify", "transactions_retrieved_at", "history_retrieved_at",
    "withheld_removals", *TIMES,
)  # fmt: skip
BANK_LINK = (
    "id", "is_active", "is_link_verified", "link_verified_date", "unverified_reason", *TIMES,
)  # fmt: skip
JOB = (
    "id", "kind", "state", "run_at", "attempts", "max_attempts", "postponed_by", "request_id",
    "finished_at", *TIMES,
)  # fmt: skip
CALL = (
    "id", "vendor", "operation", "method", "path_template", "attempt", "status", "duration_ms",
    "error", "request_id", "aggregation_account_id", "create_date",
)  # fmt: skip
WEBHOOK = (
    "id", "vendor", "kind", "vendor_member_id", "revision", "state", "request_id", "handled_at",
    "create_date",
)  # fmt: skip
DELIVERY = ("id", "event_id", "event__type", "subscription_id", "state", "finished_at", *TIMES)
SETTINGS = (
    "vendor", "create_vendor_user_automatically", "retrieve_automatically", "history_days",
    "add_new_accounts", "adopt_connections", "deep_read_days", "retrieve_holdings", "update_date",
)  # fmt: skip
CREDENTIAL = (
    "id", "vendor", "api", "api_version", "environment", "is_active", "tested_at", "test_passed",
    "health__state", "health__since", "health__failures", "health__retry_at",
    "health__last_success_at", "update_date",
)  # fmt: skip
STAFF = ("kind", "user_id", "create_date")


def read(owner: Client | Business) -> dict[str, Any]:
    """The bundle, at most MAX_ROWS of each kind, newest first. Values are for JSON."""
    overview = customer_overview.read(owner)
    tenant = owner.tenant_id
    return {
        "format": 1,
        "made_at": timezone.now(),
        "installation": _installation(),
        "settings": {
            "aggregation": _rows(AggregationSettings.unscoped.filter(tenant=tenant), SETTINGS),
            "verification": _rows(
                VerificationSettings.unscoped.filter(tenant=tenant), ("vendor", "include_identity")
            ),
            "credentials": _rows(VendorCredential.unscoped.filter(tenant=tenant), CREDENTIAL),
        },
        "checks": _checks(tenant),
        "customer": {"kind": owner._meta.model_name} | _columns(owner, CUSTOMER),
        "users_at_vendor": [_columns(row, VENDOR_USER) for row in overview.vendor_users],
        "connections": [_connection(view) for view in overview.connections],
        "accounts": _accounts(overview),
        "account_links": _links(overview),
        "bank_links": [_columns(row, BANK_LINK) for row in overview.bank_links],
        "jobs": [
            _columns(row, JOB) | {"error_types": WORD.findall(row.last_error)}
            for row in _newest(customer_time_line.jobs_of(overview))
        ],
        "vendor_calls": _rows(customer_time_line.calls_of(overview), CALL),
        "inbound_webhooks": _rows(customer_time_line.webhooks_of(overview), WEBHOOK),
        "deliveries": [
            _columns(row, DELIVERY) | {"attempts": [_attempt(item) for item in row.attempts]}
            for row in _newest(customer_time_line.deliveries_of(overview).select_related("event"))
        ],
        "staff_actions": _rows(
            StaffAction.objects.filter(object_id=str(owner.pk), tenant=tenant), STAFF
        ),
    }


def _installation() -> dict[str, Any]:
    return {
        "django": django.get_version(),
        "python": platform.python_version(),
        "database": connection.vendor,
        "broker": settings.BROKER_URL.partition(":")[0],
        "reconcile_hours": settings.RECONCILE_HOURS,
        "retention_days": settings.RETENTION_DAYS,
    }


def _checks(tenant_id: Any) -> list[dict[str, Any]]:
    """What the doctor found last: level and subject; its messages may name hosts."""
    scopes = [Diagnosis.INSTALLATION, str(tenant_id)]
    return [
        {"checked_at": row.checked_at, "level": finding["level"], "subject": finding["subject"]}
        for row in Diagnosis.objects.filter(scope__in=scopes)
        for finding in row.findings
    ]


def _connection(view: Any) -> dict[str, Any]:
    description = view.description
    return _columns(view.member, CONNECTION) | {
        "state": description.state,
        "reason": description.reason,
        "who_must_act": description.actor,
        "dead_jobs": [job.pk for job in view.dead_jobs],
    }


def _accounts(overview: CustomerOverview) -> list[dict[str, Any]]:
    rows = AggregationAccount.unscoped.filter(pk__in=overview.account_ids)
    counted: dict[Any, dict[str, Any]] = {pk: {} for pk in overview.account_ids}
    for name, newest in (
        ("aggregationaccountbalance", "balance_time_stamp"),
        ("aggregationaccounttransaction", "transaction_date"),
        ("aggregationaccountholding", "update_date"),
    ):
        model: Any = AggregationAccount._meta.apps.get_model("nucleus", name)
        totals = model.unscoped.filter(aggregation_account__in=overview.account_ids)
        for row in totals.values("aggregation_account").annotate(n=Count("*"), at=Max(newest)):
            counted[row["aggregation_account"]][name.removeprefix("aggregationaccount")] = {
                "rows": row["n"], "newest": row["at"],
            }  # fmt: skip
    return [_columns(row, ACCOUNT) | counted[row.pk] for row in rows.defer("account_number")]


def _links(overview: CustomerOverview) -> list[dict[str, Any]]:
    rows = AccountLink.unscoped.filter(aggregation_account__in=overview.account_ids)
    return _rows(rows, LINK)


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    return {name: attempt.get(name) for name in ("at", "status", "seconds")}


def _newest(rows: QuerySet[Any]) -> Sequence[Any]:
    return list(rows.order_by("-create_date")[:MAX_ROWS])


def _rows(rows: QuerySet[Any], names: Sequence[str]) -> list[dict[str, Any]]:
    return list(rows.order_by("-create_date").values(*names)[:MAX_ROWS])


def _columns(row: Any, names: Sequence[str]) -> dict[str, Any]:
    """The columns of a row; `a__b` is that of a related one."""
    result = {}
    for name in names:
        value = row
        for part in name.split("__"):
            value = getattr(value, part)
        result[name] = value
    return result
