"""Webhook registrations and deliveries. MX has these on its dashboard only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.control.endpoint import control, error_response, json_body
from sandbox.world import (
    clock,
    webhook_events,
    webhook_objects,
    webhook_sender,
    webhook_types,
)
from sandbox.world.models import Delivery, Webhook

MAX_WEBHOOKS = 50
MAX_SHOWN = 100


def _render(webhook: Webhook) -> dict[str, Any]:
    """Without the password, which is write-only."""
    return {
        "id": webhook.pk,
        "url": webhook.url,
        "username": webhook.username,
        "has_password": bool(webhook.password),
        "api": webhook.api,
        "version": webhook.version,
        "types": webhook.types,
    }


def _list(request: HttpRequest) -> HttpResponse:
    rows = [_render(row) for row in Webhook.objects.order_by("pk")]
    return JsonResponse({"webhooks": rows, "types": webhook_types.TYPES})


def _add(request: HttpRequest) -> HttpResponse:
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise ValueError(f"There are {MAX_WEBHOOKS} webhooks already.")
    row = Webhook()
    _change(row, {"url": ""} | json_body(request))
    return JsonResponse(_render(row), status=201)


def _change(row: Webhook, values: dict[str, Any]) -> None:
    names = ("url", "username", "password", "api", "version", "types")
    if unknown := set(values) - set(names):
        raise ValueError(
            f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(names))}."
        )
    for name in ("url", "username", "password"):
        if not isinstance(values.get(name, ""), str) or len(values.get(name, "")) > 2000:
            raise TypeError(f"{name} must be a string.")
    if "url" in values and not _is_http(values["url"]):
        raise ValueError("url must be an http or https URL.")
    for name in ("url", "username", "password"):
        setattr(row, name, values.get(name, getattr(row, name)))
    _choose_types(row, values)
    prefixes = webhook_objects.sent_prefixes()
    row.save()
    if webhook_objects.sent_prefixes() - prefixes:
        webhook_objects.track_existing()


def _choose_types(row: Webhook, values: dict[str, Any]) -> None:
    """Set API, version and types; of another API all but objects, unless types are named."""
    api, version = row.api, row.version
    if "api" in values or "version" in values:
        api, version = webhook_types.choose(values.get("api", api), values.get("version"))
    types = values.get("types")
    if types is None:
        is_same = row.types and (api, version) == (row.api, row.version)
        types = row.types if is_same else webhook_types.defaults(api, version)
    known_types = webhook_types.TYPES[api][version]
    if not isinstance(types, list) or not types or not set(types) <= set(known_types):
        raise ValueError(f"types must be some of {', '.join(known_types)}.")
    row.api, row.version, row.types = api, version, types


def _is_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _update(request: HttpRequest, identity: int) -> HttpResponse:
    row = Webhook.objects.filter(pk=identity).first()
    if row is None:
        return error_response(404, "There is no such webhook.")
    _change(row, json_body(request))
    return JsonResponse(_render(row))


def _delete(request: HttpRequest, identity: int) -> HttpResponse:
    Webhook.objects.filter(pk=identity).delete()
    return HttpResponse(status=204)


def _test(request: HttpRequest, identity: int) -> HttpResponse:
    row = Webhook.objects.filter(pk=identity).first()
    if row is None:
        return error_response(404, "There is no such webhook.")
    event_type = json_body(request).get("type", row.types[0])
    if event_type not in row.types:
        raise ValueError(f"type must be one that this webhook gets: {', '.join(row.types)}.")
    delivery = webhook_events.test(row, event_type, clock.now())
    return JsonResponse(_delivery(delivery), status=202)


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "webhook_id": row.webhook.pk,
        "url": row.webhook.url,
        "type": row.type,
        "state": row.state,
        "created_at": row.created_at,
        "next_attempt_at": row.due_at,
        "payload": row.payload,
        "attempts": row.attempts,
    }


def _list_deliveries(request: HttpRequest) -> HttpResponse:
    """The newest first, a page of them at a time; `before` is the id where the last page ended."""
    rows = Delivery.objects.select_related("webhook").order_by("-pk")
    if before := request.GET.get("before"):
        rows = rows.filter(pk__lt=int(before))
    if state := request.GET.get("state"):
        rows = rows.filter(state=state)
    return JsonResponse({"deliveries": [_delivery(row) for row in rows[:MAX_SHOWN]]})


def _retry(request: HttpRequest, identity: int) -> HttpResponse:
    row = Delivery.objects.select_related("webhook").filter(pk=identity).first()
    if row is None:
        return error_response(404, "There is no such delivery.")
    webhook_sender.retry(row, clock.now())
    return JsonResponse({"id": row.pk}, status=202)


webhooks = control(GET=_list, POST=_add)
webhook = control(PUT=_update, DELETE=_delete)
test = control(POST=_test)
deliveries = control(GET=_list_deliveries)
retry = control(POST=_retry)
