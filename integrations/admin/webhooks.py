"""Screens of subscriptions to webhooks, and of the deliveries to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.admin.delivery_error_pages import DeliveryErrorPages
from integrations.flows import deliveries, outbound_webhooks, webhook_subscriptions
from integrations.flows.errors import FlowError
from integrations.models import WebhookDelivery, WebhookSubscription
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.json_text import json_block
from nucleus.admin.links import row_link
from nucleus.admin.row_buttons import ButtonAdmin, RowButton
from nucleus.admin.tenant_access import confine, visible_tenants
from nucleus.instants import instant_text

HEADERS = (
    ("webhook-id", "the event's id, the same in every attempt: receivers skip ids they have"),
    ("webhook-timestamp", "when the attempt was made, in seconds since 1970"),
    ("webhook-signature", "v1, and the signature of id, timestamp and body under the secret"),
    ("X-Hydrogen-Signature", "sha256= and the HMAC of the body, as Hydrogen sent it"),
)
CELL = "px-3 py-2 text-left align-top"


def table(caption: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> SafeString:
    """A table with a caption and headers."""
    heads = format_html_join("", '<th scope="col" class="{}">{}</th>', ((CELL, c) for c in columns))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", '<td class="{}">{}</td>', ((CELL, v) for v in row)),)
         for row in rows),
    )  # fmt: skip
    return format_html(
        '<table><caption class="text-left">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        caption, heads, body,
    )  # fmt: skip


class SinceForm(forms.Form):
    """Since when failed deliveries are sent again."""

    since = forms.DateTimeField(
        label="Given up of events since (UTC)",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(ButtonAdmin):
    """Subscriptions that applications created with POST /webhook of either API."""

    list_display = ("url", "tenant", "api", "is_active", "event_names", "created")
    list_filter = ("api", "is_active")
    list_select_related = ("tenant",)
    search_fields = ("url", "id")
    buttons = (
        RowButton(
            "send_test", "Send a test event",
            "Send the event webhook_test to this URL, signed like any other?",
            is_offered=lambda row: row.is_active,
        ),
        RowButton(
            "recover", "Recover since a time",
            "Send again what was given up since a time? What was delivered is not sent twice.",
            is_offered=lambda row: row.is_active, form=SinceForm,
        ),
        RowButton(
            "switch_off", "Switch off",
            "Switch this webhook off? Nothing is sent to it, and what waits is given up.",
            is_offered=lambda row: row.is_active,
        ),
        RowButton(
            "switch_on", "Switch on", "Switch this webhook on? New events are sent to it.",
            is_offered=lambda row: not row.is_active,
        ),
    )  # fmt: skip
    fieldsets = (
        ("Webhook", {"fields": ("url", "tenant", "api", "is_active", "event_names")}),
        ("The last 24 hours", {"fields": ("last_failure", "by_hour")}),
        ("Advanced", {"classes": ("collapse",), "fields": ("id", "secondary_id", "created")}),
    )
    readonly_fields = ("id", "event_names", "last_failure", "by_hour", "created")

    @admin.display(description="events")
    def event_names(self, row: WebhookSubscription) -> str:
        return ", ".join(row.events)

    @admin.display(description="last failure")
    def last_failure(self, row: WebhookSubscription) -> SafeString:
        failed = deliveries.last_failure(row)
        if failed is None:
            return SafeString("none")
        text = f"{failed.event.type}, {instant_text(failed.create_date)}"
        return format_html("{}: {}", row_link(failed, text), deliveries.last_outcome(failed))

    @admin.display(description="deliveries")
    def by_hour(self, row: WebhookSubscription) -> SafeString:
        hours = deliveries.by_hour(row)
        if not hours:
            return SafeString("none")
        return table(
            "Deliveries by hour of their events (UTC)",
            ("Hour", "Delivered", "Given up", "Waiting"),
            [
                (f"{hour.hour:%Y-%m-%d %H:%M}", hour.delivered, hour.failed, hour.waiting)
                for hour in hours
            ],
        )

    def send_test(self, request: HttpRequest, rows: list[WebhookSubscription]) -> None:
        for row in rows:
            delivery = deliveries.send_test(row)
            self.record(request, row, "Sent a test event.")
            text = format_html("The test event is queued: {}", row_link(delivery, "its delivery"))
            messages.info(request, text)

    def recover(
        self, request: HttpRequest, rows: list[WebhookSubscription], since: datetime
    ) -> None:
        visible = confine(WebhookDelivery.unscoped.all(), request.user)
        for row in rows:
            count, following = deliveries.recover(visible, row, since)
            self.record(request, row, f"Recovered {count} deliveries since {instant_text(since)}.")
            messages.info(request, f"{count} deliveries that were given up are sent again.")
            if following is not None:
                messages.warning(
                    request, f"There are more: repeat it since {instant_text(following)}."
                )

    def switch_off(self, request: HttpRequest, rows: list[WebhookSubscription]) -> None:
        self._switch(request, rows, is_active=False)

    def switch_on(self, request: HttpRequest, rows: list[WebhookSubscription]) -> None:
        self._switch(request, rows, is_active=True)

    def _switch(
        self, request: HttpRequest, rows: list[WebhookSubscription], *, is_active: bool
    ) -> None:
        for row in rows:
            try:
                webhook_subscriptions.update(
                    tenant=row.tenant,
                    api=WebhookSubscription.Api(row.api),
                    subscription_id=row.pk,
                    values={"is_active": is_active},
                )
            except FlowError as error:
                messages.error(request, str(error))
                continue
            done = "Switched on." if is_active else "Switched off."
            self.record(request, row, done)
            messages.success(request, done)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(DeliveryErrorPages):
    """The deliveries of events to subscriptions, with their attempts."""

    list_display = (
        "created", "tenant", "event_name", "customer", "subscription", "state", "last_attempt",
    )  # fmt: skip
    list_filter = ("state", "event__type")
    list_before_template = "admin/delivery_list_links.html"
    list_select_related = ("tenant", "event", "subscription")
    search_fields = ("event__type", "subscription__url", "id")
    search_help_text = "A customer's name or id, an event, a URL, or the id of an event"
    ordering = ("-create_date",)
    actions = ("replay",)
    buttons = (RowButton("replay", "Deliver again", "Send this event to its URL again?"),)
    fieldsets = (
        (
            "Delivery",
            {
                "fields": (
                    "event_name",
                    "customer",
                    "tenant",
                    "subscription_link",
                    "state",
                    "created",
                )
            },
        ),
        ("Attempts", {"fields": ("attempt_table",)}),
        ("Body, as it is signed and sent", {"fields": ("event_body", "headers")}),
        ("Advanced", {"classes": ("collapse",), "fields": ("id", "event_id_text", "finished_at")}),
    )
    readonly_fields = (
        "id", "event_name", "customer", "subscription_link", "attempt_table", "event_body",
        "headers", "event_id_text", "created",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return deliveries.search(queryset, search_term, visible_tenants(request.user)), False

    def prepare_rows(self, rows: list[Any]) -> None:
        customers = deliveries.customers_of(rows)
        for row in rows:
            row.customer = customers.get(row.pk)

    @admin.display(description="customer")
    def customer(self, row: WebhookDelivery) -> SafeString:
        return row_link(getattr(row, "customer", None))

    @admin.display(description="event")
    def event_name(self, row: WebhookDelivery) -> str:
        return row.event.type

    @admin.display(description="webhook")
    def subscription_link(self, row: WebhookDelivery) -> SafeString:
        return row_link(row.subscription)

    @admin.display(description="last attempt")
    def last_attempt(self, row: WebhookDelivery) -> str:
        if not row.attempts:
            return "none yet"
        return f"{len(row.attempts)}: {deliveries.last_outcome(row)}"

    @admin.display(description="attempts")
    def attempt_table(self, row: WebhookDelivery) -> SafeString:
        if not row.attempts:
            return SafeString("none yet")
        rows = [
            (
                str(attempt.get("at", ""))[:19].replace("T", " "),
                attempt.get("status") or str(attempt.get("error", "")).replace("_", " "),
                attempt.get("seconds", ""),
            )
            for attempt in row.attempts
        ]
        return table("At most the last 20", ("Time (UTC)", "Answer", "Seconds"), rows)

    @admin.display(description="body")
    def event_body(self, row: WebhookDelivery) -> SafeString:
        return json_block(row.event.payload)

    @admin.display(description="headers of every attempt")
    def headers(self, row: WebhookDelivery) -> SafeString:
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong>: {}</li>", HEADERS)
        )

    @admin.display(description="event's id")
    def event_id_text(self, row: WebhookDelivery) -> str:
        return str(row.event_id)

    @confirmed_action(
        description="Deliver again",
        question="Send these events to their URLs again, including those that were delivered?",
        button="Yes, deliver them again",
        permissions=["repeat"],
    )
    def replay(self, request: HttpRequest, rows: list[WebhookDelivery]) -> None:
        active = [row for row in rows if row.subscription.is_active]
        count = outbound_webhooks.replay(sorted(active, key=lambda row: row.create_date))
        for row in active:
            self.record(request, row, "Delivered again.")
        messages.info(request, f"{count} deliveries were queued again.")
        if skipped := len(rows) - len(active):
            messages.warning(request, f"{skipped} skipped: their webhook is switched off.")
