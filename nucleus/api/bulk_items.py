"""The items of /bulk/{entity_uri}: each is created, changed or deleted independently."""

from __future__ import annotations

from typing import Any, Literal

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request

from nucleus.api import clients, owners, writing
from nucleus.api.record_types import RECORD_TYPES, RecordType
from nucleus.caller import caller_of
from nucleus.models import Client
from nucleus.reads.visibility import visible_rows
from nucleus.writes import records
from nucleus.writes.refusals import Refusal

Operation = Literal["create", "update", "delete"]
CLIENT = "client"
MAX_CLIENTS = 200  # they are written one by one, and SQLite has one writer at a time
RECORD_TYPE_OF_ENTITY: dict[str, RecordType[Any]] = {
    record_type.path.rpartition("/")[2]: record_type for record_type in RECORD_TYPES
}
ENTITIES = [*RECORD_TYPE_OF_ENTITY, CLIENT]


def items_of(request: Request, entity_uri: str, operation: Operation) -> list[Any]:
    """The array in the body.

    Raises:
        NotFound: there is no such entity.
        ValidationError: the body is no array, or too long.
    """
    if entity_uri not in ENTITIES:
        raise NotFound(f"There is no entity {entity_uri!r}; use one of {', '.join(ENTITIES)}.")
    items = writing.items_of(request)
    if entity_uri == CLIENT and len(items) > MAX_CLIENTS:
        raise ValidationError(f"At most {MAX_CLIENTS} clients in one request.")
    if operation == "delete":
        entity = RECORD_TYPE_OF_ENTITY.get(entity_uri, clients.CLIENT)
        writing.report_unknown(items, entity.schema)
    return items


def process(request: Request, entity_uri: str, operation: Operation, items: list[Any]) -> list[Any]:
    """Write the items; to be called in a transaction.

    Returns the rows or their ids, or refusals, in the order of the items.
    """
    if entity_uri == CLIENT:
        _lock_clients(request, items)
        return [_process_client(request, operation, item) for item in items]
    record_type = RECORD_TYPE_OF_ENTITY[entity_uri]
    writer = writing.writer_of(request)
    if operation == "create":
        body = record_type.body()
        return records.create(
            writer=writer,
            model=record_type.model,
            items=[writing.parse_item(body, item) for item in items],
            all_or_nothing=False,
        )
    rows = record_type.visible_rows(request)
    if operation == "update":
        body = record_type.body(partial=True)
        return records.update(
            writer=writer,
            rows=rows,
            items=[(writing.id_of(item), writing.parse_item(body, item)) for item in items],
            all_or_nothing=False,
        )
    return records.delete(writer=writer, rows=rows, ids=[writing.id_of(item) for item in items])


def _process_client(request: Request, operation: Operation, item: Any) -> Client | Refusal:
    """Write one client: its creation may also create its vendor user."""
    if isinstance(item, dict) and item.get("password"):  # hashing a thousand takes minutes
        return Refusal({"password": ["Set passwords with PUT /nucleus/v1/client/{id}."]})
    try:
        with transaction.atomic():
            return _write_client(request, operation, item)
    except APIException as error:
        return writing.refusal_of(error)
    except IntegrityError:
        return Refusal({"username": ["Another client has this username."]})


def _write_client(request: Request, operation: Operation, item: Any) -> Client | Refusal:
    caller = caller_of(request)
    if operation == "create":
        created: Client = owners.create(caller, clients.CLIENT, item)
        return created
    client_id = writing.id_of(item)
    rows = visible_rows(caller, Client).filter(pk=client_id).select_related("tenant")
    client: Client | None = rows.first()
    if client is None:
        return Refusal({"id": [f"There is no client {client_id}."]}, kind="missing")
    if operation == "update":
        updated: Client = owners.update(caller, clients.CLIENT, client, item)
        return updated
    owners.deactivate(caller, clients.CLIENT, client)
    return client


def _lock_clients(request: Request, items: list[Any]) -> None:
    """Lock the clients in one order, or two requests that name the same ones could deadlock."""
    ids = {client_id for item in items if (client_id := writing.id_of(item))}
    rows = visible_rows(caller_of(request), Client).filter(pk__in=ids)
    list(rows.order_by("pk").select_for_update().values_list("pk"))
