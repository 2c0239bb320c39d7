"""The admin's one search: customers by anything known about them, and screens by title."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult

from gateway.admin_menu import navigation
from integrations.flows import customer_search
from integrations.flows.customer_search import FoundCustomer
from nucleus.admin.tenant_access import visible_tenants
from nucleus.models import Business, Client


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The page of results, or with `extended` the part of it that the command palette shows."""
    text = " ".join(request.GET.get("s", "").split())
    result = customer_search.search(text, tenants=visible_tenants(request.user))
    allowed = [item for item in result.customers if _may_open(request, item)]
    is_palette = "extended" in request.GET
    frame = {} if is_palette else site.each_context(request)
    menu = frame["sidebar_navigation"] if frame else navigation(request)  # which counts
    results = [*map(_customer, allowed), *_screens(menu, text)]
    context = {"text": text, "results": results, "is_complete": result.is_complete}
    if is_palette:
        return TemplateResponse(request, "unfold/helpers/command_results.html", context)
    return TemplateResponse(request, "admin/search.html", frame | context | {"title": "Search"})


def _may_open(request: HttpRequest, match: FoundCustomer) -> bool:
    name = match.owner._meta.model_name
    return any(request.user.has_perm(f"nucleus.{verb}_{name}") for verb in ("view", "change"))


def _customer(match: FoundCustomer) -> SearchResult:
    owner = match.owner
    name = owner._meta.model_name
    return SearchResult(
        title=str(owner),
        description=f"{_detail(owner)} · found by {match.found_by}",
        link=reverse(f"admin:nucleus_{name}_change", args=[owner.pk]),
        icon="person" if name == "client" else "storefront",
    )


def _detail(owner: Client | Business) -> str:
    parts = [getattr(owner, "username", ""), owner.email, str(owner.tenant)]
    return " · ".join(part for part in parts if part and part != str(owner))


def _screens(menu: list[dict[str, Any]], text: str) -> list[SearchResult]:
    if not text:
        return []
    return [
        SearchResult(
            title=item["title"],
            description=f"screen under {group.get('title', 'the start page')}",
            link=item["link"],
            icon=item["icon"],
        )
        for group in menu
        for item in group["items"]
        if text.lower() in item["title"].lower()
    ]
