"""Nucleus objects by id, within what the caller may see; anything else is a 404."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rest_framework.exceptions import NotFound

from nucleus.models import AggregationAccount, BankLink, Client
from nucleus.wire.caller import Caller


def client(caller: Caller, client_id: UUID) -> Client:
    """The caller's client of that id."""
    rows = Client.objects.for_tenant(caller.tenant).select_related("tenant")
    if caller.client is not None:
        rows = rows.filter(id=caller.client.id)
    found = rows.filter(id=client_id).first()
    if found is None:
        raise NotFound(f"There is no client {client_id}. Create it with POST /nucleus/v1/client.")
    return found


def accounts(caller: Caller, account_ids: Sequence[UUID]) -> list[AggregationAccount]:
    """The caller's aggregation accounts in the order asked for; one unknown id refuses all."""
    rows = AggregationAccount.objects.for_tenant(caller.tenant).filter(id__in=account_ids)
    if caller.client is not None:
        rows = rows.filter(client_id=caller.client.id)
    found = {row.id: row for row in rows.select_related("tenant")}
    missing = [str(account_id) for account_id in account_ids if account_id not in found]
    if missing:
        raise NotFound(f"There is no aggregation account {', '.join(missing)}.")
    return [found[account_id] for account_id in dict.fromkeys(account_ids)]


def bank_link(caller: Caller, bank_link_id: UUID) -> BankLink:
    """The caller's bank link of that id."""
    rows = BankLink.objects.for_tenant(caller.tenant)
    if caller.client is not None:
        rows = rows.filter(client_id=caller.client.id)
    found = rows.filter(id=bank_link_id).first()
    if found is None:
        raise NotFound(f"There is no bank link {bank_link_id}.")
    return found
