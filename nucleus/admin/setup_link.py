"""Forms that are a step of the set-up lead back to it when they are saved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from nucleus.admin.base import BaseAdmin
from nucleus.models import Tenant


class SetupStep(BaseAdmin):
    """After adding a row, the set-up page of its tenant is next."""

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if not request.user.has_perm("integrations.view_vendorcredential"):
            return super().response_post_save_add(request, obj)
        tenant = obj if isinstance(obj, Tenant) else obj.tenant
        return HttpResponseRedirect(reverse("admin:setup_tenant", args=[tenant.pk]))
