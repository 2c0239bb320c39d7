"""The set-up of a tenant as a page: steps that tick themselves, each with its page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from gateway.admin.doctor_page import may_look
from integrations.flows import setup_steps
from integrations.flows.setup_steps import Progress, Step
from integrations.models import AggregationSettings, VendorCredential
from nucleus.admin import tenant_access
from nucleus.models import Tenant

MAX_INCOMPLETE = 20
PAGE_SIZE = 20
TITLES = {
    Step.KEYS: "Enter MX's keys",
    Step.TESTED: "Test the keys",
    Step.SETTINGS: "Choose the settings",
    Step.WEBHOOK_ACCESS: "Set user and secret of MX's webhooks",
    Step.FIRST_WEBHOOK: "Register the address at MX, and receive the first webhook",
    Step.FIRST_CONNECTION: "Link the first bank",
}
EXPLANATIONS = {
    Step.KEYS: "Username/Client Id and Password/Client Secret, from MX's client dashboard. Test "
    "connection on the form tests them before they are saved.",
    Step.TESTED: "Test connection on the form calls MX and says what is wrong with the keys.",
    Step.SETTINGS: "MX for aggregation, and what the gateway does automatically.",
    Step.WEBHOOK_ACCESS: "Webhook User and Webhook Secret on the same screen. MX sends them with "
    "each webhook; others are refused.",
    Step.FIRST_WEBHOOK: "MX has no API to register the address: paste it, with user and secret, "
    "into MX's client dashboard for aggregation, balance, history, statement and connection "
    "status; on MX Platform also for initial data ready, “members” and “users”.",
    Step.FIRST_CONNECTION: "Your app requests a widget link from the API, and a customer links a "
    "bank in it. The app needs an API application.",
}


def incomplete_setups(user: User | AnonymousUser) -> list[Progress]:
    """The tenants of a user that have set-up steps left, at most MAX_INCOMPLETE; one statement."""
    tenants = tenant_access.visible_tenants(user).filter(is_active=True)
    return setup_steps.incomplete(tenants, limit=MAX_INCOMPLETE)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The tenants and how far each is; with one tenant, its page."""
    if not may_look(request):
        raise PermissionDenied
    rows = tenant_access.visible_tenants(request.user).filter(is_active=True)
    first = list(rows[:2])
    if len(first) == 1:
        return HttpResponseRedirect(reverse("admin:setup_tenant", args=[first[0].pk]))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    listed = setup_steps.progress(rows.filter(pk__in=[row.pk for row in page]))
    context = admin.site.each_context(request) | {
        "title": "Set-up",
        "page": page,
        "rows": [
            {
                "tenant": row.tenant,
                "done": len(row.done),
                "total": len(Step),
                "next": TITLES[row.next_step] if row.next_step else "",
            }
            for row in listed
        ],
        "may_add": request.user.has_perm("nucleus.add_tenant"),
    }
    return TemplateResponse(request, "admin/setup_overview.html", context)


@require_safe
def tenant_steps(request: HttpRequest, tenant_id: UUID) -> HttpResponse:
    """The steps of one tenant. Nothing is called."""
    if not may_look(request):
        raise PermissionDenied
    rows = tenant_access.visible_tenants(request.user)
    tenant = get_object_or_404(rows, pk=tenant_id)
    (progress,) = setup_steps.progress(rows.filter(pk=tenant.pk))
    credential = VendorCredential.objects.for_tenant(tenant).filter(is_active=True).first()
    stored = AggregationSettings.objects.for_tenant(tenant).first()
    may_see_address = request.user.has_perm("integrations.view_aggregationsettings")
    may_see_address |= request.user.has_perm("integrations.change_aggregationsettings")
    address = ""
    if stored is not None and may_see_address:
        address = f"{settings.PUBLIC_URL}/webhooks/{stored.vendor}/{stored.webhook_path}"
    context = admin.site.each_context(request) | {
        "title": f"Set-up of {tenant}",
        "tenant": tenant,
        "steps": [_step(step, progress, credential, stored) for step in Step],
        "is_complete": progress.next_step is None,
        "address": address,
        "webhook_user": stored.webhook_user if stored is not None and address else "",
        "test_result": credential.describe_test() if credential else "",
    }
    return TemplateResponse(request, "admin/setup_tenant.html", context)


def _step(
    step: Step,
    progress: Progress,
    credential: VendorCredential | None,
    stored: AggregationSettings | None,
) -> dict[str, Any]:
    is_done, is_next = step in progress.done, step == progress.next_step
    return {
        "step": step,
        "title": TITLES[step],
        "explanation": EXPLANATIONS[step],
        "page": _page_of(step, progress.tenant, credential, stored),
        "is_done": is_done,
        "is_next": is_next,
        "state": "Done" if is_done else "Next" if is_next else "To do",
    }


def _page_of(
    step: Step,
    tenant: Tenant,
    credential: VendorCredential | None,
    stored: AggregationSettings | None,
) -> str:
    """Where the step is done: the form of the row, or of a new one."""
    match step:
        case Step.KEYS | Step.TESTED:
            return _form("integrations_vendorcredential", tenant, credential)
        case Step.SETTINGS | Step.WEBHOOK_ACCESS:
            return _form("integrations_aggregationsettings", tenant, stored)
        case Step.FIRST_WEBHOOK:
            return reverse("admin:integrations_inboundwebhook_changelist")
        case Step.FIRST_CONNECTION:
            return reverse("admin:access_application_changelist")


def _form(name: str, tenant: Tenant, row: Any) -> str:
    if row is None:
        return f"{reverse(f'admin:{name}_add')}?tenant={tenant.pk}"
    return reverse(f"admin:{name}_change", args=[row.pk])
