"""Who is calling, as far as records are concerned. The gateway's authentication provides it."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.db.models import QuerySet
from rest_framework.request import Request

from nucleus.models import Client, Owner, Tenant


class Caller(Protocol):
    """An authenticated application of one tenant, by its `name`; `client` confines it to one
    Nucleus client.
    """

    @property
    def tenant(self) -> Tenant: ...

    @property
    def name(self) -> str: ...

    @property
    def client(self) -> Client | None: ...

    def has_scope(self, name: str) -> bool: ...


def caller_of(request: Request) -> Caller:
    """The caller behind an authenticated request."""
    return cast("Caller", request.user)


def visible_owners(caller: Caller, model: type[Owner]) -> QuerySet[Any]:
    """The clients or businesses the caller may see.

    A token confined to a client sees that client and no business.
    """
    rows = model.objects.for_tenant(caller.tenant)
    if caller.client is None:
        return rows
    return rows.filter(pk=caller.client.pk) if model is Client else rows.none()
