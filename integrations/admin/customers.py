"""The page of one customer, which is the change page of clients and of businesses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.admin.customer_actions import (
    ACTIONS,
    CHANGE_CONNECTION,
    Customer,
    CustomerAction,
)
from integrations.admin.customer_fixes import fixes
from integrations.admin.job_filters import kind_label
from integrations.flows import (
    connection_state,
    customer_overview,
    customer_time_line,
    support_bundle,
)
from integrations.flows.connection_descriptions import vendor_name
from integrations.flows.customer_overview import CustomerOverview
from integrations.flows.customer_time_line import TimeLineEntry
from integrations.flows.errors import FlowError
from integrations.models import (
    AuditLog,
    InboundWebhook,
    Job,
    Member,
    WebhookDelivery,
)
from integrations.vendors.errors import VendorError, VendorNotConfigured
from nucleus.admin.owners import BusinessAdmin, ClientAdmin
from nucleus.admin.read_only import ReadOnlyAdmin
from nucleus.instants import instant_text
from nucleus.models import AggregationAccount, BankLink, Business, Client, StaffAction

TIMED = (Member, AuditLog, InboundWebhook, Job, WebhookDelivery)
SHOWN = (*TIMED, AggregationAccount, BankLink)
IN_BUNDLE = (*TIMED, AggregationAccount, BankLink)
SUPPORT_BUNDLE = {
    "title": "Support bundle",
    "question": "Make a file about this customer for whoever helps you? It has states, times, "
    "counts, codes and ids of connections, accounts, jobs, calls, webhooks and settings. It has "
    "no names, contact data, numbers, amounts, descriptions or secrets.",
    "button": "Yes, make the file",
}
MAX_ENTRIES = 10_000  # of all staff, the newest, among which those about the customer are


class CustomerPages(ReadOnlyAdmin):
    """The page, its actions, and a page of all stored fields."""

    def get_urls(self) -> list[URLPattern]:
        name = self.opts.model_name
        view = self.admin_site.admin_view
        return [
            path(
                "<uuid:object_id>/fields/",
                view(self.fields_view),
                name=f"nucleus_{name}_fields",
            ),
            path(
                "<uuid:object_id>/support-bundle/",
                view(self.support_bundle_view),
                name=f"nucleus_{name}_support_bundle",
            ),
            path(
                "<uuid:object_id>/<slug:action>/<uuid:row_id>/",
                view(self.action_view),
                name=f"nucleus_{name}_act",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        owner = self._customer(request, unquote(object_id))
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        overview = customer_overview.read(owner)
        shown = {model for model in SHOWN if may_view(request, model)}
        number = _page_number(request)
        time_line = customer_time_line.read(
            overview,
            models=[model for model in TIMED if model in shown],
            job_label=kind_label,
            number=number,
            more=_staff_entries(overview, number),
        )
        context = self.admin_site.each_context(request) | {
            "title": str(owner),
            "opts": self.opts,
            "original": owner,
            "owner": owner,
            "identity": [*_identity(owner), *_users_at_vendors(overview)],
            "overview": overview,
            "fixes": fixes(request, overview) if Member in shown else [],
            "shown": {model._meta.model_name: True for model in shown},
            "time_line": time_line,
            "page": number,
            "allowed": {
                name.replace("-", "_"): True
                for name, action in ACTIONS.items()
                if request.user.has_perm(action.permission) and not owner.is_being_erased
            },
            "act": f"admin:nucleus_{self.opts.model_name}_act",
            "bundle_page": _may_make_bundle(request)
            and f"admin:nucleus_{self.opts.model_name}_support_bundle",
            "fields_page": f"admin:nucleus_{self.opts.model_name}_fields",
            "history_page": f"admin:nucleus_{self.opts.model_name}_history",
        }
        return TemplateResponse(request, "admin/customer.html", context)

    def fields_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """All stored fields of the customer, but the secret ones."""
        self._customer(request, str(object_id))
        response: HttpResponse = super().change_view(request, str(object_id))
        return response

    def action_view(
        self, request: HttpRequest, object_id: UUID, action: str, row_id: UUID
    ) -> HttpResponse:
        """Ask for confirmation of an action; a POST does it."""
        owner = self._customer(request, str(object_id))
        chosen = ACTIONS.get(action)
        if chosen is None:
            raise Http404("There is no such action.")
        if not request.user.has_perm(chosen.permission):
            raise PermissionDenied
        row = chosen.row(owner, row_id)
        if row is None or owner.is_being_erased:
            raise Http404("This customer has no such row.")
        if request.method == "POST":
            return self._act(request, owner, chosen, row)
        context = {"question": chosen.question, "button": chosen.button, "row": row}
        return self._page(request, owner, chosen, context)

    def support_bundle_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Ask whether to make the bundle; a POST answers with it as a file."""
        owner = self._customer(request, str(object_id))
        if not _may_make_bundle(request):
            raise PermissionDenied
        if request.method != "POST":
            context = self.admin_site.each_context(request) | SUPPORT_BUNDLE
            context |= {"opts": self.opts, "owner": owner, "back": self._address(owner)}
            return TemplateResponse(request, "admin/customer_action.html", context)
        bundle = support_bundle.read(owner)
        self.record(request, owner, "Made a support bundle.", kind=StaffAction.Kind.EXPORT)
        response = JsonResponse(bundle, json_dumps_params={"indent": 1})
        name = f"support-{owner.pk}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _act(
        self, request: HttpRequest, owner: Customer, action: CustomerAction, row: Any
    ) -> HttpResponse:
        entry = action.entry.format(row=row)
        try:
            outcome = action.run(owner, row, request.user.get_username())
        except (FlowError, VendorError, VendorNotConfigured) as error:
            self.record(request, owner, f"{action.title} failed: {row}.")
            messages.error(request, f"{action.title}: {error}")
            return HttpResponseRedirect(self._address(owner))
        self.record(request, owner, entry)
        if not outcome.url:
            messages.success(request, outcome.message)
            return HttpResponseRedirect(self._address(owner))
        api_path = connection_state.widget_link_path(row) if isinstance(row, Member) else None
        context = {"message": outcome.message, "link": outcome.url, "api_path": api_path}
        return self._page(request, owner, action, context)

    def _page(
        self,
        request: HttpRequest,
        owner: Customer,
        action: CustomerAction,
        context: dict[str, Any],
    ) -> HttpResponse:
        shared = self.admin_site.each_context(request) | {
            "title": action.title,
            "opts": self.opts,
            "owner": owner,
            "back": self._address(owner),
        }
        return TemplateResponse(request, "admin/customer_action.html", shared | context)

    def _address(self, owner: Customer) -> str:
        return reverse(f"admin:nucleus_{self.opts.model_name}_change", args=[owner.pk])

    def _customer(self, request: HttpRequest, object_id: str) -> Any:
        """The customer of this id, if this person may see them; else a 404 or a 403."""
        owner = self.get_object(request, object_id)
        if owner is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        if not self.has_view_or_change_permission(request, owner):
            raise PermissionDenied
        return owner


admin.site.unregister([Client, Business])


@admin.register(Client)
class CustomerClientAdmin(CustomerPages, ClientAdmin):
    """Clients, with the page of each."""


@admin.register(Business)
class CustomerBusinessAdmin(CustomerPages, BusinessAdmin):
    """Businesses, with the page of each."""


def _may_make_bundle(request: HttpRequest) -> bool:
    """Support may, who see all that it has; an entry is left, so viewers may not."""
    sees_all = all(may_view(request, model) for model in IN_BUNDLE)
    return sees_all and request.user.has_perm(CHANGE_CONNECTION)


def may_view(request: HttpRequest, model: type[Any]) -> bool:
    """Whether this person may see the rows of a model."""
    screen = admin.site.get_model_admin(model)
    return bool(screen.has_view_or_change_permission(request))


def _identity(owner: Any) -> list[tuple[str, str]]:
    """What tells the customer from others, without what is empty."""
    dates = [("Created", owner.create_date), ("Changed", owner.update_date)]
    values = [
        ("Id", owner.pk),
        ("Tenant", owner.tenant),
        ("User name", getattr(owner, "username", "")),
        ("Name", getattr(owner, "full_name", "") or getattr(owner, "legal_name", "")),
        ("Doing business as", getattr(owner, "dba_name", "")),
        ("E-mail", owner.email),
        ("Secondary id", owner.secondary_id),
        ("Active", "yes" if owner.is_active else "no: nothing is imported"),
        *((label, instant_text(moment)) for label, moment in dates),
    ]
    return [(label, str(value)) for label, value in values if value]


def _users_at_vendors(overview: CustomerOverview) -> list[tuple[str, str]]:
    return [
        (
            f"User at {vendor_name(user.vendor)}",
            user.vendor_user_id or "not created, or gone at the vendor",
        )
        for user in overview.vendor_users
    ]


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    number = int(text) if text.isdecimal() and len(text) < 4 else 1
    return max(1, min(number, customer_time_line.MAX_PAGES))


def _staff_entries(overview: CustomerOverview, number: int) -> list[TimeLineEntry]:
    """What staff did to the customer and what is theirs, among the newest entries of all staff."""
    about = Q(pk=None)
    for model, ids in customer_time_line.subjects(overview).items():
        if ids:
            content_type = ContentType.objects.get_for_model(model)
            about |= Q(content_type=content_type, object_id__in=[str(pk) for pk in ids])
    newest = LogEntry.objects.order_by("-pk").values("pk")
    oldest = Coalesce(Subquery(newest[MAX_ENTRIES : MAX_ENTRIES + 1]), 0)
    rows = LogEntry.objects.filter(about, pk__gt=oldest)
    limit = number * customer_time_line.PAGE_SIZE + 1
    name = overview.owner._meta.model_name
    return [
        TimeLineEntry(
            row.action_time, "Staff", f"{row.user}: {row.get_change_message()}",
            f"nucleus_{name}", overview.owner.pk,
        )
        for row in rows.select_related("user").order_by("-pk")[:limit]
    ]  # fmt: skip
