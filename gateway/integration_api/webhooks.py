"""/webhook: where the tenant's applications want to be told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation
from gateway.integration_api.parsing import parsed
from integrations.flows import outbox
from integrations.models import WebhookSubscription
from nucleus.models import Tenant
from nucleus.wire import pages, schemas
from nucleus.wire.caller import caller_of
from nucleus.wire.fields import InstantField

TAG = ["Webhook"]
FIELDS = ("id", "url", "is_active", "secondary_id", "create_date", "update_date")


class WebhookBody(serializers.Serializer):
    """A webhook as it is written."""

    url = serializers.CharField(max_length=2000, required=False)
    integration_service = serializers.ListField(
        child=serializers.ChoiceField(outbox.SERVICES), required=False, max_length=20
    )
    extended_events = serializers.ListField(
        child=serializers.ChoiceField(outbox.EXTENDED),
        required=False,
        max_length=20,
        help_text="Events beyond Hydrogen's own, which its SDKs do not know.",
    )
    is_active = serializers.BooleanField(required=False)
    secondary_id = serializers.CharField(max_length=255, required=False)
    rotate_secret = serializers.BooleanField(
        required=False, help_text="PUT: make a new secret; the old one signs along for a day."
    )


class WebhookResponse(serializers.Serializer):
    """A webhook. The secret is shown when it is made, and never again."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    integration_service = serializers.ListField(child=serializers.ChoiceField(outbox.SERVICES))
    extended_events = serializers.ListField(child=serializers.ChoiceField(outbox.EXTENDED))
    is_active = serializers.BooleanField()
    secret = serializers.CharField(allow_null=True)
    secondary_id = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


def rendered(row: WebhookSubscription, *, with_secret: bool = False) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "integration_service": row.integration_service,
        "extended_events": row.extended_events,
        "is_active": row.is_active,
        "secret": row.secret if with_secret else None,
        "secondary_id": row.secondary_id,
        "create_date": row.create_date,
        "update_date": row.update_date,
    }


def _tenant(request: Request) -> Tenant:
    """Webhooks hear of the whole tenant, so a token of one client cannot touch them."""
    caller = caller_of(request)
    if caller.client is not None:
        raise PermissionDenied("This token is confined to one client; webhooks are the tenant's.")
    return caller.tenant


def _found(request: Request, webhook_id: UUID) -> WebhookSubscription:
    row = WebhookSubscription.objects.for_tenant(_tenant(request)).filter(pk=webhook_id).first()
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return row


def _store(request: Request, row: WebhookSubscription, body: dict[str, Any]) -> Response:
    rotates = body.pop("rotate_secret", False)
    is_new = row._state.adding
    for name, value in body.items():
        setattr(row, name, value)
    if rotates and not is_new:
        outbox.rotate_secret(row)
    outbox.check(tenant=_tenant(request), subscription=row)
    row.save()
    return Response(rendered(row, with_secret=is_new or rotates))


class WebhooksView(APIView):
    """Create and list."""

    @documentation.documented(
        operation_id="createWebhook",
        summary="Register a webhook",
        description=(
            "Deliveries are signed as Standard Webhooks says (`webhook-id`, `webhook-timestamp`, "
            "`webhook-signature`) and with `X-Hydrogen-Signature`, repeated for a day, and carry "
            "the same id each time. An event can go to one active webhook."
        ),
        tags=TAG,
        request=WebhookBody,
        response=WebhookResponse,
        examples=[documentation.WEBHOOK_REQUEST],
    )
    def post(self, request: Request) -> Response:
        body = parsed(WebhookBody, request)
        if not body.get("url"):
            raise serializers.ValidationError({"url": ["This field is required."]})
        return _store(request, WebhookSubscription(tenant=_tenant(request)), body)

    @documentation.documented(
        operation_id="listWebhooks",
        summary="List webhooks",
        description="Without their secrets.",
        tags=TAG,
        response=schemas.page_of(WebhookResponse),
        parameters=pages.PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        rows = WebhookSubscription.objects.for_tenant(_tenant(request))
        return Response(pages.page(rows, request.query_params, fields=FIELDS, render=rendered))


class WebhookView(APIView):
    """Read, change, remove."""

    @documentation.documented(
        operation_id="getWebhook",
        summary="Read a webhook",
        description="Without its secret.",
        tags=TAG,
        response=WebhookResponse,
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        return Response(rendered(_found(request, webhook_id)))

    @documentation.documented(
        operation_id="updateWebhook",
        summary="Change a webhook",
        description="Any subset of the fields; what is left out stays.",
        tags=TAG,
        request=WebhookBody,
        response=WebhookResponse,
    )
    def put(self, request: Request, webhook_id: UUID) -> Response:
        return _store(request, _found(request, webhook_id), parsed(WebhookBody, request))

    @documentation.documented(
        operation_id="deleteWebhook",
        summary="Remove a webhook",
        description="What is still on its way is dropped.",
        tags=TAG,
        response=None,
    )
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        rows = WebhookSubscription.objects.for_tenant(_tenant(request))
        rows.filter(pk=webhook_id).delete()
        return Response(status=204)
