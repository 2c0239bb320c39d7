"""Which rows a caller may see, and which its records may refer to."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, UUIDField

from nucleus.compiled_queries import CompiledQuery, Parameter, row_type
from nucleus.models import (
    AggregationAccount,
    AggregationAccountBalance,
    AggregationAccountHolding,
    AggregationAccountTransaction,
    BankLink,
    BulkTransaction,
    Business,
    Client,
    Institution,
    Merchant,
    Tenant,
)

CLIENT_LOOKUPS: dict[type[Model], str] = {  # how a row leads to the client that it belongs to
    Client: "pk",
    AggregationAccount: "client",
    BankLink: "client",
    BulkTransaction: "client",
    AggregationAccountBalance: "aggregation_account__client",
    AggregationAccountTransaction: "aggregation_account__client",
    AggregationAccountHolding: "aggregation_account__client",
}


class Viewer(Protocol):
    """A tenant; with `client`, a token that is confined to one of its clients."""

    @property
    def tenant(self) -> Tenant: ...

    @property
    def client(self) -> Client | None: ...


def visible_rows(viewer: Viewer, model: type[Model]) -> QuerySet[Any]:
    """The rows of `model` that the viewer may see.

    A token confined to a client sees the client's own rows and no business. Everybody sees shared
    institutions; merchants, which all tenants share, only where a visible transaction names them.
    """
    if model is Merchant:
        transactions = visible_rows(viewer, AggregationAccountTransaction)
        return Merchant.objects.filter(Exists(transactions.filter(merchant_id=OuterRef("pk"))))
    if model is Institution:
        return Institution.objects.filter(Q(tenant=None) | Q(tenant=viewer.tenant))
    rows: QuerySet[Any] = model.objects.for_tenant(viewer.tenant)  # type: ignore[attr-defined]
    if viewer.client is None:
        return rows
    if model is Business:
        return rows.none()
    return rows.filter(**{CLIENT_LOOKUPS[model]: viewer.client.pk})


def visible_row(viewer: Viewer, model: type[Model], columns: tuple[str, ...], row_id: UUID) -> Any:
    """These columns of the visible row with that id, as a named tuple; None if there is none."""
    rows = _row_query(model, columns, has_client=viewer.client is not None).rows(
        tenant=viewer.tenant.pk, client=viewer.client and viewer.client.pk, row=row_id
    )
    return row_type(columns)._make(rows[0]) if rows else None


@cache
def _row_query(model: type[Model], columns: tuple[str, ...], *, has_client: bool) -> CompiledQuery:
    tenant, client, row = (Parameter(name, UUIDField()) for name in ("tenant", "client", "row"))
    viewer: Any = SimpleNamespace(
        tenant=tenant, client=SimpleNamespace(pk=client) if has_client else None
    )
    return CompiledQuery(lambda: visible_rows(viewer, model).filter(id=row).values_list(*columns))


def referable_rows(viewer: Viewer, model: type[Model]) -> QuerySet[Any]:
    """The visible rows that a record may newly refer to: none of a client that is being erased."""
    rows = visible_rows(viewer, model)
    if model is Client:
        return rows.filter(erase_requested_at=None)
    if model in (AggregationAccount, BankLink):
        return rows.filter(client__erase_requested_at=None)
    return rows
