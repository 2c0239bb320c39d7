"""Finds Nucleus objects by id among those that the caller may see. Raises NotFound for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound, PermissionDenied

from integrations.flows import pull_sources as sources
from integrations.flows.pull_sources import PullSource
from nucleus.caller import Caller
from nucleus.models import AggregationAccount, BankLink, Business, Client, Owner
from nucleus.reads.visibility import visible_rows
from nucleus.writes import rules


def owner_from_body(caller: Caller, body: Mapping[str, Any]) -> Owner:
    """The client or business that the body of an OwnerRequest names."""
    if "nucleus_business_id" in body:
        return owner(caller, body["nucleus_business_id"], Business)
    return owner(caller, body["nucleus_client_id"], Client)


def owner(caller: Caller, owner_id: UUID, *models: type[Owner]) -> Owner:
    """The client or business with this id, a row of one of `models`."""
    for model in models:
        rows = visible_rows(caller, model).select_related("tenant")
        row: Owner | None = rows.filter(id=owner_id).first()
        if row is not None:
            return row
    names = [str(model._meta.model_name) for model in models]
    paths = " or ".join(f"/nucleus/v1/{name}" for name in names)
    raise NotFound(f"There is no {' or '.join(names)} {owner_id}. Create it with POST {paths}.")


def accounts(caller: Caller, account_ids: Sequence[UUID]) -> list[AggregationAccount]:
    """The aggregation accounts in the order of the ids; one unknown id refuses all."""
    rows = visible_rows(caller, AggregationAccount).filter(id__in=account_ids)
    by_id = {row.id: row for row in rows.select_related("tenant")}
    missing = [str(account_id) for account_id in account_ids if account_id not in by_id]
    if missing:
        raise NotFound(f"There is no aggregation account {', '.join(missing)}.")
    return [by_id[account_id] for account_id in dict.fromkeys(account_ids)]


def pull_sources(
    caller: Caller, account_ids: Sequence[UUID]
) -> list[tuple[AggregationAccount, PullSource | None]]:
    """As `accounts`, each with what a pull of it needs; None for a disconnected one."""
    connected = sources.read(caller, account_ids)
    rows = {account_id: (source.account, source) for account_id, source in connected.items()}
    others = [account_id for account_id in account_ids if account_id not in connected]
    disconnected = {row.id: (row, None) for row in accounts(caller, others)} if others else {}
    return [(rows | disconnected)[account_id] for account_id in dict.fromkeys(account_ids)]


def bank_link(caller: Caller, bank_link_id: UUID) -> BankLink:
    """The bank link with this id."""
    link: BankLink | None = visible_rows(caller, BankLink).filter(id=bank_link_id).first()
    if link is None:
        raise NotFound(f"There is no bank link {bank_link_id}.")
    return link


def check_erasable(caller: Caller, record: AggregationAccount | BankLink) -> None:
    """Raise PermissionDenied if the caller may not erase the record."""
    if refusal := rules.deletion_refusal(record, confined=caller.client is not None):
        raise PermissionDenied(refusal.errors["id"][0])


def require_tenant_token(caller: Caller, action: str) -> None:
    """Raise PermissionDenied for a client token.

    Args:
        action: what only the tenant's own token may do, for example "merge accounts".
    """
    if caller.client is not None:
        raise PermissionDenied(f"A client token cannot {action}. Use a token of the tenant.")
