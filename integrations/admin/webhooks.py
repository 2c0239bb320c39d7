"""Screens of subscriptions to webhooks, and of the deliveries to them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from integrations.flows import outbound_webhooks
from integrations.models import WebhookDelivery, WebhookSubscription
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.read_only import ReadOnlyAdmin


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions that applications created with POST /webhook of either API."""

    list_display = ("url", "tenant", "api", "is_active", "event_names", "create_date")
    list_filter = ("api", "is_active")
    list_select_related = ("tenant",)
    search_fields = ("url",)

    @admin.display(description="events")
    def event_names(self, row: WebhookSubscription) -> str:
        return ", ".join(row.events)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The deliveries of events to subscriptions, with their attempts."""

    list_display = ("create_date", "tenant", "event_name", "subscription", "state", "last_attempt")
    list_filter = ("state", "event__type")
    list_select_related = ("tenant", "event", "subscription")
    ordering = ("-create_date",)
    actions = ("replay",)

    @admin.display(description="event")
    def event_name(self, row: WebhookDelivery) -> str:
        return row.event.type

    @admin.display(description="last attempt")
    def last_attempt(self, row: WebhookDelivery) -> str:
        if not row.attempts:
            return "none yet"
        last = row.attempts[-1]
        return f"{len(row.attempts)}: {last['status'] or last['error']}"

    @confirmed_action(
        description="Deliver again",
        question="Send these events to their URLs again, including those that were delivered?",
        button="Yes, deliver them again",
        permissions=["repeat"],
    )
    def replay(self, request: HttpRequest, rows: list[WebhookDelivery]) -> None:
        count = outbound_webhooks.replay(sorted(rows, key=lambda row: row.create_date))
        for row in rows:
            self.record(request, row, "Delivered again.")
        messages.info(request, f"{count} deliveries were queued again.")
