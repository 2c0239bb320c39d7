"""Find clients and businesses by name, user name, e-mail, secondary id or our id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from nucleus.hydrogen.fields import uuid_of
from nucleus.models import Business, Client, Tenant

MAX_CUSTOMERS = 100
PERSON_COLUMNS = ("username", "first_name", "last_name", "email", "secondary_id")
FIRM_COLUMNS = ("legal_name", "dba_name", "email", "secondary_id")


def owner_ids(text: str, tenants: QuerySet[Tenant]) -> list[UUID]:
    """The ids of the clients and businesses that the text finds; an id is returned as it is.

    Whole user names, e-mail addresses and secondary ids are found among all, parts of them and of
    names among the newest LIST_WINDOW of each table.

    Args:
        tenants: whose customers are looked through.
    """
    identifier = uuid_of(text)
    ids: set[UUID] = {identifier} if identifier else set()
    models: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (Client, PERSON_COLUMNS),
        (Business, FIRM_COLUMNS),
    )
    for model, columns in models:
        rows = model.unscoped.filter(tenant__in=tenants.order_by().values("pk"))
        window = rows.order_by("-create_date", "id").values("pk")[: settings.LIST_WINDOW]
        contains, equal = Q(), Q(secondary_id=text) | Q(email=text)
        for column in columns:
            contains |= Q(**{f"{column}__icontains": text})
        if model is Client:
            equal |= Q(username=text)
            first, _, last = text.partition(" ")
            contains |= Q(first_name__icontains=first, last_name__icontains=last or first)
        for found_rows in (rows.filter(equal), rows.filter(contains, pk__in=window)):
            ids |= set(found_rows.order_by().values_list("pk", flat=True)[:MAX_CUSTOMERS])
    return list(ids)
