"""The screen of inbound webhooks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from integrations.flows import inbound_replays, inbound_webhook_subjects
from integrations.flows.inbound_webhook_subjects import WebhookSubject
from integrations.flows.staff_terms import in_staff_terms
from integrations.models import InboundWebhook
from nucleus.admin import confirmation
from nucleus.admin.confirmation import confirmed_action
from nucleus.admin.json_text import json_block
from nucleus.admin.links import joined, row_link
from nucleus.admin.row_buttons import ButtonAdmin, RowButton
from nucleus.admin.tenant_access import visible_tenants
from nucleus.instants import instant_text

QUESTION = "Handle these webhooks again? The connections that they name are read at the vendor."


def event_text(kind: str) -> str:
    """The vendor's name of an event as words."""
    return in_staff_terms(kind).capitalize() or "Unknown"


class SinceForm(forms.Form):
    """Since when webhooks are handled again, and which of them."""

    since = forms.DateTimeField(
        label="Received since (UTC)",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )
    only_unhandled = forms.BooleanField(
        label="Only those because of which nothing was read",
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget(),
    )


@admin.register(InboundWebhook)
class InboundWebhookAdmin(ButtonAdmin):
    """Vendors' webhooks: waiting, handled, too early, or not understood."""

    list_display = ("event", "about", "tenant", "state", "note", "received", "handled")
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    list_before_template = "admin/inbound_webhook_links.html"
    search_fields = ("vendor_member_id", "vendor_user_id", "request_id")
    search_help_text = "A customer's name or id, a connection's id, a vendor's id or a request id"
    ordering = ("-create_date",)
    actions = ("handle_again",)
    buttons = (RowButton("handle_again", "Handle again", QUESTION),)
    fieldsets = (
        (
            "What and about whom",
            {"fields": ("event", "about", "tenant", "state", "note", "received", "handled")},
        ),
        ("Body", {"fields": ("body_text",)}),
        (
            "Advanced",
            {
                "classes": ("collapse",),
                "fields": (
                    "id", "vendor", "kind", "vendor_member_id", "vendor_user_id", "subject",
                    "revision", "request_id", "digest",
                ),
            },
        ),
    )  # fmt: skip
    readonly_fields = ("event", "about", "received", "handled", "body_text", "id")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.handle_since)
        return [path("again/", view, name="integrations_inboundwebhook_again"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_repeat": self.has_repeat_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def prepare_rows(self, rows: list[Any]) -> None:
        subjects = inbound_webhook_subjects.subjects(rows)
        for row in rows:
            row.about_whom = subjects[row.pk]
            row.staff_label = f"{event_text(row.kind)}, {instant_text(row.create_date)}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        tenants = visible_tenants(request.user)
        return inbound_webhook_subjects.search(queryset, search_term, tenants), False

    # Columns

    @admin.display(description="event")
    def event(self, row: InboundWebhook) -> str:
        return event_text(row.kind)

    @admin.display(description="about")
    def about(self, row: InboundWebhook) -> SafeString:
        subject: WebhookSubject = getattr(row, "about_whom", None) or WebhookSubject()
        return joined(row_link(subject.owner), row_link(subject.connection) or row.vendor_member_id)

    @admin.display(description="received")
    def received(self, row: InboundWebhook) -> str:
        return instant_text(row.create_date)

    @admin.display(description="handled")
    def handled(self, row: InboundWebhook) -> str:
        return instant_text(row.handled_at, none="not yet")

    @admin.display(description="body, without data of people and accounts")
    def body_text(self, row: InboundWebhook) -> SafeString:
        return json_block(row.body)

    # Actions

    @confirmed_action(
        description="Handle again",
        question=QUESTION,
        button="Yes, handle them again",
        permissions=["repeat"],
    )
    def handle_again(self, request: HttpRequest, rows: list[InboundWebhook]) -> None:
        for row in rows:
            self.record(request, row, "Handled again.")
        messages.info(request, inbound_replays.handle_all_again(rows))

    def handle_since(self, request: HttpRequest) -> HttpResponse:
        """Handle the webhooks since a time again, the oldest first; a GET asks for the time."""
        if not self.has_repeat_permission(request):
            raise PermissionDenied
        is_confirmed = request.method == "POST" and "confirmed" in request.POST
        form = SinceForm(request.POST if is_confirmed else None)
        if not is_confirmed or not form.is_valid():
            return confirmation.page(
                self, request, [], title="Handle all since…", question=QUESTION,
                button="Handle them again", form=form,
            )  # fmt: skip
        rows, following = inbound_replays.received_since(
            self.get_queryset(request), **form.cleaned_data
        )
        self.handle_again.__wrapped__(self, request, rows)  # type: ignore[attr-defined]
        if following is not None:
            messages.warning(
                request, f"There are more: repeat it for those since {instant_text(following)}."
            )
        return HttpResponseRedirect(reverse("admin:integrations_inboundwebhook_changelist"))
