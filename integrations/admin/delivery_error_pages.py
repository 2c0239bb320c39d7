"""Pages about deliveries that fail alike: their list, and delivering a whole group again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.flows import delivery_errors
from integrations.flows.delivery_errors import DeliveryErrorGroup
from integrations.models import WebhookDelivery
from nucleus.admin import confirmation
from nucleus.admin.row_buttons import ButtonAdmin

MAX_GROUPS = 100  # on the page
TITLE = "Deliver all again"
LIST = "admin:integrations_webhookdelivery_changelist"


class DeliveryErrorPages(ButtonAdmin):
    """Adds the pages of groups to the screen of deliveries."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        group = path(
            "errors/<slug:digest>/",
            view(self.replay_group),
            name="integrations_delivery_error_group",
        )
        listing = path("errors/", view(self.list_errors), name="integrations_delivery_errors")
        return [listing, group, *super().get_urls()]

    def list_errors(self, request: HttpRequest) -> HttpResponse:
        """The groups of deliveries with the same error, the largest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        groups = delivery_errors.groups(self.get_queryset(request))
        may_repeat = self.has_repeat_permission(request)
        context = self.admin_site.each_context(request) | {
            "title": "Deliveries with the same error",
            "content_title": "Deliveries with the same error",
            "introduction": "Deliveries that were given up or are tried again, by webhook and the "
            "result of their last attempt.",
            "everything": ("All deliveries", reverse(LIST)),
            "nothing": "No delivery was given up or is tried again.",
            "groups": [_shown(group, may_repeat=may_repeat) for group in groups[:MAX_GROUPS]],
            "left_out": max(len(groups) - MAX_GROUPS, 0),
        }
        return TemplateResponse(request, "admin/error_groups.html", context)

    def replay_group(self, request: HttpRequest, digest: str) -> HttpResponse:
        """Deliver the oldest of a group again, at most as many as an action takes at once."""
        if not self.has_repeat_permission(request):
            raise PermissionDenied
        rows = delivery_errors.deliveries_of(self.get_queryset(request), digest)
        if rows is None:
            raise Http404("No delivery has this error any more.")
        chosen: list[WebhookDelivery] = list(rows[: confirmation.MAX_ROWS])
        left_out = rows.count() - len(chosen)
        if request.method != "POST" or "confirmed" not in request.POST:
            return confirmation.page(
                self, request, chosen, title=TITLE, button=f"Yes: {TITLE}", left_out=left_out,
                question="Send the events of these deliveries again? They were given up; those "
                "that are tried again by themselves are left alone.",
            )  # fmt: skip
        type(self).replay.__wrapped__(self, request, chosen)
        if left_out:
            messages.warning(
                request, f"{left_out} more deliveries have this error. Repeat it for the next ones."
            )
        return HttpResponseRedirect(reverse("admin:integrations_delivery_errors"))


def _shown(group: DeliveryErrorGroup, *, may_repeat: bool) -> dict[str, Any]:
    query = urlencode({"q": group.subscription.url[:200], "state__exact": "failed"})
    links = [("Show them", f"{reverse(LIST)}?{query}")]
    if may_repeat and group.failed and group.subscription.is_active:
        address = reverse("admin:integrations_delivery_error_group", args=[group.digest])
        links.append((f"{TITLE}…", address))
    return {
        "label": str(group.subscription),
        "text": group.outcome,
        "counts": f"{len(group.failed)} given up, {len(group.waiting)} tried again",
        "first_at": group.first_at,
        "last_at": group.last_at,
        "links": links,
    }
