"""/webhook: where the tenant's applications want to be told.

Hydrogen has it in both its APIs; they differ in their words for events, which a Door says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.integration_api import documentation
from gateway.integration_api.parsing import parsed
from integrations.flows import outbound_webhooks
from integrations.models import WebhookSubscription
from nucleus.caller import caller_of
from nucleus.hydrogen import openapi_schemas, pages
from nucleus.hydrogen.examples import STORED, answered, written
from nucleus.hydrogen.fields import FlagField, InstantField, PlainTextField, WordField
from nucleus.hydrogen.unknown_names import READ_ONLY, BodySerializer
from nucleus.models import Tenant

EXAMPLE_SECRET = "whsec_c2VjcmV0IG9mIHRoZSBleGFtcGxl"  # noqa: S105
FIELDS = ("id", "url", "is_active", "secondary_id", "create_date", "update_date")


@dataclass(frozen=True, slots=True)
class Door:
    """One of the two APIs."""

    value: str  # of WebhookSubscription.api
    name: str  # in OpenAPI operation ids
    tag: str
    services: tuple[str, ...]  # the fields that list events
    body: type[serializers.Serializer]
    response: type[serializers.Serializer]
    example: dict[str, Any]


def _words(choices: tuple[str, ...], **kwargs: Any) -> serializers.ListField:
    return serializers.ListField(
        child=WordField(choices), required=False, max_length=len(choices), **kwargs
    )


class Body(BodySerializer):
    """What both write."""

    answered_only = (*READ_ONLY, "secret")

    url = PlainTextField(max_length=2000)
    is_active = FlagField(required=False)
    secondary_id = PlainTextField(max_length=255, required=False)
    rotate_secret = FlagField(
        required=False, help_text="PUT: make a new secret; the old one signs along for a day."
    )


class Answer(serializers.Serializer):
    """What both answer. The secret is shown when it is made, and never again."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    is_active = serializers.BooleanField()
    secret = serializers.CharField(allow_null=True)
    secondary_id = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class WebhookBody(Body):
    """A webhook as it is written."""

    integration_service = _words(outbound_webhooks.SERVICES)
    extended_events = _words(
        outbound_webhooks.EXTENDED,
        help_text="Events beyond Hydrogen's own, which its SDKs do not know.",
    )


class WebhookResponse(Answer):
    """A webhook. The secret is shown when it is made, and never again."""

    integration_service = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.SERVICES)
    )
    extended_events = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.EXTENDED)
    )


class NucleusWebhookBody(Body):
    """A Nucleus webhook as it is written."""

    atom_service = _words(
        outbound_webhooks.ATOM_SERVICES,
        help_text=(
            "Those that come: the aggregation_account ones and bank_link_verified. The others "
            "are accepted and are about what is not kept here."
        ),
    )


class NucleusWebhookResponse(Answer):
    """A Nucleus webhook. The secret is shown when it is made, and never again."""

    atom_service = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.ATOM_SERVICES)
    )


INTEGRATION = Door(
    WebhookSubscription.Api.INTEGRATION,
    "Webhook",
    "Webhook",
    ("integration_service", "extended_events"),
    WebhookBody,
    WebhookResponse,
    {
        "url": "https://app.demo.example/hooks/gateway",
        "integration_service": ["async_aggregation_account_transaction"],
        "extended_events": ["aggregation_account_status"],
    },
)
NUCLEUS = Door(
    WebhookSubscription.Api.NUCLEUS,
    "NucleusWebhook",
    "Nucleus webhook",
    ("atom_service",),
    NucleusWebhookBody,
    NucleusWebhookResponse,
    {
        "url": "https://app.demo.example/hooks/nucleus",
        "atom_service": ["aggregation_account_transaction", "bank_link_verified"],
    },
)


def _rendered(door: Door, row: WebhookSubscription, *, with_secret: bool = False) -> dict[str, Any]:
    answer = {name: getattr(row, name) for name in (*FIELDS, *door.services)}
    return answer | {"secret": row.secret if with_secret else None}


def _tenant(request: Request) -> Tenant:
    """Webhooks hear of the whole tenant, so a token of one client cannot touch them."""
    caller = caller_of(request)
    if caller.client is not None:
        raise PermissionDenied("This token is confined to one client; webhooks are the tenant's.")
    return caller.tenant


def _rows(request: Request, door: Door) -> Any:
    return WebhookSubscription.objects.for_tenant(_tenant(request)).filter(api=door.value)


def _found(request: Request, door: Door, webhook_id: UUID) -> WebhookSubscription:
    row: WebhookSubscription | None = _rows(request, door).filter(pk=webhook_id).first()
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return row


def _store(request: Request, door: Door, webhook_id: UUID | None, body: dict[str, Any]) -> Response:
    """Write a new webhook, or the one of that id."""
    tenant, rotates = _tenant(request), body.pop("rotate_secret", False)
    with transaction.atomic():
        outbound_webhooks.take_turns(tenant)
        is_new = webhook_id is None
        row = (
            WebhookSubscription(tenant=tenant, api=door.value)
            if webhook_id is None
            else _found(request, door, webhook_id)
        )
        for name, value in body.items():
            setattr(row, name, value)
        if rotates and not is_new:
            outbound_webhooks.rotate_secret(row)
        outbound_webhooks.check(tenant=tenant, subscription=row)
        row.save()
    return Response(_rendered(door, row, with_secret=is_new or rotates))


def views(door: Door) -> tuple[type[APIView], type[APIView]]:
    """The views of a door: create and list; one by id."""
    row = WebhookSubscription(**STORED, **door.example, secret=EXAMPLE_SECRET)
    made, read = (answered(_rendered(door, row, with_secret=shown)) for shown in (True, False))

    class Several(APIView):
        @documentation.documented(
            operation_id=f"create{door.name}",
            summary="Register a webhook",
            description=(
                "Deliveries are signed as Standard Webhooks says (`webhook-id`, "
                "`webhook-timestamp`, `webhook-signature`) and with `X-Hydrogen-Signature`, "
                "repeated for a day, and carry the same id each time. An event can go to one "
                "active webhook."
            ),
            tags=[door.tag],
            request=door.body,
            response=door.response,
            examples=[written("Hear of what is new", door.example), made],
        )
        def post(self, request: Request) -> Response:
            return _store(request, door, None, parsed(door.body, request))

        @documentation.documented(
            operation_id=f"list{door.name}s",
            summary="List webhooks",
            description="Without their secrets.",
            tags=[door.tag],
            response=openapi_schemas.page_of(door.response),
            parameters=pages.parameters(WebhookSubscription, FIELDS),
        )
        def get(self, request: Request) -> Response:
            return Response(
                pages.page(
                    _rows(request, door),
                    request.query_params,
                    fields=FIELDS,
                    render=lambda row: _rendered(door, row),
                )
            )

    class One(APIView):
        @documentation.documented(
            operation_id=f"get{door.name}",
            summary="Read a webhook",
            description="Without its secret.",
            tags=[door.tag],
            response=door.response,
            examples=[read],
        )
        def get(self, request: Request, webhook_id: UUID) -> Response:
            return Response(_rendered(door, _found(request, door, webhook_id)))

        @documentation.documented(
            operation_id=f"update{door.name}",
            summary="Change a webhook",
            description="Any subset of the fields; what is left out stays.",
            tags=[door.tag],
            request=door.body(partial=True),
            response=door.response,
            examples=[written("Pause it", {"is_active": False}), read],
        )
        def put(self, request: Request, webhook_id: UUID) -> Response:
            _found(request, door, webhook_id)
            return _store(request, door, webhook_id, parsed(door.body, request, partial=True))

        @documentation.documented(
            operation_id=f"delete{door.name}",
            summary="Remove a webhook",
            description="What is still on its way is dropped. Doing it again is a 404.",
            tags=[door.tag],
            response=None,
        )
        def delete(self, request: Request, webhook_id: UUID) -> Response:
            with transaction.atomic():
                outbound_webhooks.take_turns(_tenant(request))
                _found(request, door, webhook_id).delete()
            return Response(status=204)

    return Several, One
