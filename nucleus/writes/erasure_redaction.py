"""Where a client that is erased is named in rows that stay: they stay without its name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from nucleus import models

BLANK = "[erased]"
OUTCOMES = 50  # of bulk requests in one transaction; each names up to a thousand records
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ENTRIES: dict[str, Any] = {  # entity_uri → rows that only their account tells whose they are
    "aggregation_account_balance": models.AggregationAccountBalance,
    "aggregation_account_transaction": models.AggregationAccountTransaction,
    "aggregation_account_holding": models.AggregationAccountHolding,
}


def blank_outcomes(*, tenant_id: UUID, client_id: UUID, renew: Callable[[], None]) -> None:
    """Outcomes of bulk requests keep how many records were done, and not which of the client's.

    To be called while the records are there: afterwards nobody can tell whose they were.

    Args:
        renew: called in each of the short transactions.
    """
    own = {str(client_id)}
    for model in (models.AggregationAccount, models.BankLink):
        own |= _ids(model.unscoped.filter(tenant=tenant_id, client=client_id))
    rows = models.BulkTransaction.unscoped.filter(tenant=tenant_id).order_by("pk")
    last = UUID(int=0)
    while batch := list(rows.filter(pk__gt=last)[:OUTCOMES]):
        last = batch[-1].pk
        with transaction.atomic():
            renew()
            for row in batch:
                _blank_outcome(row, own, client_id)


def _blank_outcome(row: models.BulkTransaction, own: set[str], client_id: UUID) -> None:
    text = json.dumps([row.success, row.error])
    named = set(UUIDS.findall(text))
    theirs = named & own
    if entries := ENTRIES.get(row.entity_uri):
        rows = entries.unscoped.filter(aggregation_account__client=client_id, pk__in=named)
        theirs |= _ids(rows)
    if theirs:
        blanked = UUIDS.sub(lambda one: BLANK if one[0] in theirs else one[0], text)
        success, error = json.loads(blanked)
        models.BulkTransaction.unscoped.filter(pk=row.pk).update(success=success, error=error)


def _ids(rows: QuerySet[Any]) -> set[str]:
    return {str(one) for one in rows.values_list("pk", flat=True)}


def blank_trail(*, tenant_id: UUID, client_id: UUID) -> int:
    """The tenant's audit trail keeps that something happened, and not what; how many entries."""
    rows = models.AuditLog.unscoped.filter(tenant=tenant_id)
    return _naming(rows, "client_ids", client_id).update(
        request_url=BLANK, request=None, response=BLANK, secondary_id=None, metadata={}
    )


def leave_businesses(*, tenant_id: UUID, client_id: UUID) -> int:
    """The client owns no part of a business any more and acts for none; how many businesses."""
    rows = models.Business.unscoped.filter(tenant=tenant_id)
    found = _naming(rows, "ownership", client_id).select_for_update().order_by("pk")
    count = 0
    for row in found:
        row.ownership = [one for one in row.ownership if one["client_id"] != str(client_id)]
        row.save(update_fields=["ownership", "update_date"])
        count += 1
    return count


def _naming(rows: QuerySet[Any], column: str, client_id: UUID) -> QuerySet[Any]:
    """Those whose JSON column names the client."""
    rows = rows.annotate(named=Cast(column, TextField()))
    return rows.filter(named__contains=str(client_id))
