"""The doctor as a page: what was found last, and a button that checks again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gateway.admin import encryption_page
from gateway.diagnostics import report
from gateway.diagnostics.findings import FIX, OK, WARN
from integrations.models import Diagnosis, VendorCredential
from nucleus.admin import tenant_access
from nucleus.models import StaffAction
from nucleus.writes.staff import record_in_history

PAGE_SIZE = 20
RAN = "Ran the doctor."
LEVELS = {FIX: "Must be fixed", WARN: "Recommended", OK: "In order"}


def may_look(request: HttpRequest) -> bool:
    """Whether the user may see what is wrong: those who may look at credentials."""
    return bool(_credentials_screen().has_view_or_change_permission(request))


def may_check(request: HttpRequest) -> bool:
    """Whether the user may have the vendor called: those who may change credentials."""
    return bool(_credentials_screen().has_change_permission(request))


def _credentials_screen() -> Any:
    return admin.site._registry[VendorCredential]  # noqa: SLF001 - has no public name


@require_http_methods(["GET", "HEAD", "POST"])
def view(request: HttpRequest) -> HttpResponse:
    """A GET makes no call; a POST checks again."""
    if not may_look(request):
        raise PermissionDenied
    if request.method == "POST":
        if not may_check(request):
            raise PermissionDenied
        _check(request)
        return HttpResponseRedirect(reverse("admin:doctor"))
    return _page(request)


def _check(request: HttpRequest) -> None:
    user: Any = request.user
    checked = report.check_visible(user)
    diagnoses = (
        report.visible_diagnoses(user).filter(tenant__in=[*checked]).select_related("tenant")
    )
    for row in diagnoses:
        record_in_history(user, row, RAN, kind=StaffAction.Kind.ACTION, tenant=row.tenant)
    total = tenant_access.visible_tenants(user).filter(is_active=True).count()
    text = f"Checked {len(checked)} of {total} tenants."
    if len(checked) < total:
        text += " Check again for the others; those checked longest ago come first."
    messages.success(request, text)


def _page(request: HttpRequest) -> HttpResponse:
    user = request.user
    is_complete = tenant_access.sees_all_tenants(user)
    rows = tenant_access.visible_tenants(user).filter(is_active=True)
    tenants = Paginator(rows.select_related("diagnosis"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    installation = None
    if is_complete:
        installation = Diagnosis.objects.filter(pk=Diagnosis.INSTALLATION).first()
    sections = [_section(str(row), getattr(row, "diagnosis", None)) for row in tenants]
    if is_complete:
        sections.insert(0, _section("Installation", installation))
    refused = report.refused_keys(user).select_related("credential__tenant")
    context = admin.site.each_context(request) | {
        "title": "Doctor",
        "sections": sections,
        "tenants": tenants,
        "refused": refused[: report.MAX_REFUSED],
        "may_check": may_check(request),
        "may_rotate": encryption_page.may_rotate(request),
        "max_tenants": report.MAX_TENANTS,
    }
    return TemplateResponse(request, "admin/doctor.html", context)


def _section(name: str, diagnosis: Diagnosis | None) -> dict[str, Any]:
    findings = diagnosis.findings if diagnosis else []
    return {
        "name": name,
        "diagnosis": diagnosis,
        "findings": [
            row | {"label": LEVELS[level]}
            for level in (FIX, WARN)
            for row in findings
            if row["level"] == level
        ],
        "in_order": [row for row in findings if row["level"] == OK],
    }
