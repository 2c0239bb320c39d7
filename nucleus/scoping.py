"""Tenant isolation on the manager of every tenant-owned table."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class TenantRequired(TypeError):
    """A tenant-owned table was queried without saying for which tenant."""


class TenantManager(models.Manager[M], Generic[M]):
    """Gives rows of one tenant only: `Model.objects.for_tenant(tenant)`.

    Anything else on it raises TenantRequired. Admin, migrations and the job queue, which work
    across tenants on purpose, say so by using `Model.unscoped`.
    """

    def for_tenant(self, tenant: Any) -> models.QuerySet[M]:
        return super().get_queryset().filter(tenant=tenant)

    def get_queryset(self) -> models.QuerySet[M]:
        raise TenantRequired(f"{self.model.__name__}: use objects.for_tenant(tenant) or unscoped")
