"""Who is calling, as far as records are concerned. The gateway's authentication provides it."""

from __future__ import annotations

from typing import Protocol, cast

from rest_framework.request import Request

from nucleus.models import Client, Tenant


class Caller(Protocol):
    """An authenticated application of one tenant, by its `name`.

    `client` confines it to one Nucleus client.
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
