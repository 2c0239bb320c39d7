"""A row of everything that has a screen, with a canary in every secret column."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from gateway.access.models import Application
from integrations.flows import account_merges
from integrations.models import (
    AccountLink,
    AggregationSettings,
    ApiMove,
    AuditLog,
    CredentialHealth,
    Erasure,
    InboundWebhook,
    JobState,
    Member,
    OutboundEvent,
    PossibleDuplicate,
    VendorCredential,
    VendorUser,
    VerificationSettings,
    WebhookDelivery,
    WebhookSubscription,
)
from nucleus.admin.secret_columns import secret_names
from nucleus.models import Client, StaffAccess, StaffAction, Tenant
from tests.factories.access import ApplicationFactory, access_token
from tests.factories.integrations import JobFactory
from tests.factories.nucleus import (
    AggregationAccountFactory,
    BalanceFactory,
    BankLinkFactory,
    BusinessFactory,
    ClientFactory,
    CurrencyRateFactory,
    HoldingFactory,
    TransactionFactory,
)

CANARY = "canary"
COLLEAGUE_SINCE = datetime(2026, 1, 2, tzinfo=UTC)
MARKUP = "<script>alert('canary')</script>"


def screens() -> list[tuple[type[Model], ModelAdmin[Any]]]:
    """Every registered model and its admin."""
    return sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)


def url_patterns(
    entries: list[Any], groups: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], URLPattern]]:
    """All URLs of the admin (`admin.site.urls[0]`), each with the prefixes before it."""
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from url_patterns(entry.url_patterns, (*groups, str(entry.pattern)))
        else:
            yield groups, entry


def path_of(model: type[Model], suffix: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{suffix}"


def row_of(model: type[Model]) -> Any:
    """The row of a screen that `populate` made; of users the one that is not logged in."""
    rows = getattr(model, "unscoped", model._default_manager)
    if model is Group:
        return rows.filter(name="A role of ours").first() or rows.first()
    return rows.get(date_joined=COLLEAGUE_SINCE) if model is User else rows.first()


def canary(model: type[Model], name: str) -> str:
    return f"{CANARY}-{model._meta.model_name}-{name}-0123456789"


def populate(tenant: Tenant) -> list[str]:
    """Make the rows; returns the canaries, none of which may ever be shown."""
    client: Any = ClientFactory(tenant=tenant)
    business: Any = BusinessFactory(tenant=tenant)
    account: Any = AggregationAccountFactory(client=client)
    for factory in (BalanceFactory, TransactionFactory, HoldingFactory):
        factory(aggregation_account=account)
    BankLinkFactory(client=client)
    CurrencyRateFactory(tenant=tenant)
    owner = VendorUser.unscoped.create(tenant=tenant, client=client, vendor="mx", identifier="i")
    VendorUser.unscoped.create(tenant=tenant, business=business, vendor="mx", identifier="j")
    member = Member.unscoped.create(tenant=tenant, vendor_user=owner, vendor_member_id="MBR-1")
    AccountLink.unscoped.create(
        vendor="mx",
        vendor_member_id="MBR-1",
        tenant=tenant,
        member=member,
        aggregation_account=account,
        vendor_account_id="ACT-1",
        withheld_removals=20,
    )
    accounts: list[Any] = [AggregationAccountFactory(client=client) for _ in range(4)]
    kept, merged, other, later = accounts
    account_merges.merge(kept=kept, merged=merged, requested_by="staff")
    PossibleDuplicate.unscoped.create(
        tenant=tenant, aggregation_account=later, other_account=other, reason="Same number."
    )
    JobFactory(
        tenant=tenant, state=JobState.DEAD, kind="sync_member",
        payload={"member_id": str(member.pk), "scope": "status", "only_if_changed": False},
    )  # fmt: skip
    AuditLog.objects.create(
        tenant=tenant, operation="o", method="GET", path_template="/x", duration_ms=1
    )
    InboundWebhook.objects.create(tenant=tenant, vendor="mx", body="{}", digest="0")
    Erasure.unscoped.create(tenant=tenant, client_id=client.pk, requested_by="staff")
    access_token(ApplicationFactory(tenant=tenant), user=None)
    credential = VendorCredential(tenant=tenant, client_id="c")
    credential.save()
    ApiMove.unscoped.create(
        tenant=tenant, vendor="mx", from_name="a", to_name="b", requested_by="staff",
        to_credential=credential,
    )  # fmt: skip
    CredentialHealth.objects.create(
        credential=credential, state="failing", since=timezone.now(), failures=1
    )
    AggregationSettings(tenant=tenant, previous_webhook_until=timezone.now()).save()
    VerificationSettings(tenant=tenant).save()
    subscription = WebhookSubscription(
        tenant=tenant, url="https://demo.example/", previous_secret_until=timezone.now()
    )
    subscription.save()
    event = OutboundEvent.unscoped.create(tenant=tenant, type="t", payload="{}")
    WebhookDelivery.unscoped.create(tenant=tenant, event=event, subscription=subscription)
    colleague = User.objects.create(
        username="colleague", is_staff=True, date_joined=COLLEAGUE_SINCE
    )
    StaffAccess.objects.create(user=colleague).tenants.add(tenant)
    kind = ContentType.objects.get_for_model(Client)
    StaffAction.objects.create(
        user=colleague, tenant=tenant, kind="change", content_type=kind, object_id=client.pk,
        object_name="Ada", message="changed", changes=[["Name", "a", "b"]],
    )  # fmt: skip
    Group.objects.create(name="A role of ours")
    return [value for model, _ in screens() for value in _hide(model)]


def mark_up(text: str = MARKUP) -> None:
    """Put the text, which is markup, into every column of text and JSON that is not secret."""
    for model, _ in screens():
        row = row_of(model)
        values = {
            field.name: _marked(field, row, text)
            for field in model._meta.fields
            if field.get_internal_type() in ("CharField", "TextField", "JSONField")
            and field.name not in secret_names(model)
            and (not field.max_length or field.max_length >= len(text))
            and not field.choices
        }
        rows = getattr(model, "unscoped", model._default_manager)
        rows.filter(pk=row.pk).update(**values)


def _marked(field: Any, row: Any, text: str) -> Any:
    if field.get_internal_type() != "JSONField":
        return text
    if field.name == "attempts":
        return [{"at": text, "status": None, "error": text, "seconds": 1}]
    return [text] if isinstance(getattr(row, field.name), list) else {text: text}


def _hide(model: type[Model]) -> list[str]:
    row = row_of(model)
    hidden = {name: canary(model, name) for name in sorted(secret_names(model))}
    for name, value in hidden.items():
        setattr(row, name, value)
    if isinstance(row, Application | User):  # which hash what is set, or complain about it
        type(row).objects.filter(pk=row.pk).update(**hidden)
    elif hidden:
        Model.save(row)  # settings would keep what they replace
    return list(hidden.values())
