"""POST /webhooks/{vendor}/{path}: the endpoint for vendors' webhooks.

Webhooks come in bursts, so a request does little: authenticate, one transaction, 202. A job does
the rest.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed

from gateway.errors import responses
from integrations.flows import inbound_webhook_queries, inbound_webhooks
from integrations.flows.errors import NotFound
from integrations.vendors import registry
from integrations.vendors.webhooks import WebhookRequest

# Neither vendors nor paths of webhooks have other characters; PostgreSQL refuses some of them.
SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,64}")


@csrf_exempt
@responses.with_error_responses
def receive(request: HttpRequest, vendor: str, path: str) -> HttpResponse:
    """Authenticate and store a vendor's webhook.

    Its URL, user and secret are on the Settings screen; staff paste them at the vendor.
    """
    if request.method != "POST":
        refusal = MethodNotAllowed(str(request.method), "Webhooks are sent with POST.")
        return responses.error_response(request, refusal, {"Allow": "POST"})
    is_possible = SEGMENT.fullmatch(vendor) and SEGMENT.fullmatch(path)
    row = inbound_webhook_queries.settings_of_path(path, vendor) if is_possible else None
    if row is None:
        raise NotFound("There is no webhook at this address.")
    webhooks = registry.get(vendor).webhooks
    webhook = WebhookRequest(headers=request.headers, read_body=lambda: request.body)
    if not webhooks.verify(webhook, inbound_webhooks.valid_secrets(row)):
        denial = AuthenticationFailed("User or secret are not those of the Settings screen.")
        challenge = {"WWW-Authenticate": webhooks.challenge}
        return responses.error_response(request, denial, challenge)
    stored = inbound_webhooks.receive(tenant=row.tenant, vendor=vendor, body=request.body)
    return JsonResponse({"id": str(stored.id), "state": stored.state}, status=202)
