"""/integration/v1/webhook and /nucleus/v1/webhook: subscriptions to a tenant's events.

The two APIs have the same operations on separate subscriptions; they differ in their event fields.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from gateway.integration_api.parsing import parse_body
from gateway.webhook_api import serializers
from gateway.webhook_api.documentation import document_detail, document_list
from integrations.flows import webhook_subscriptions
from integrations.models import WebhookSubscription
from nucleus.caller import caller_of
from nucleus.hydrogen import pages
from nucleus.models import Tenant


class WebhookView(APIView):
    """What the views of both APIs share."""

    api: ClassVar[WebhookSubscription.Api]
    operation_name: ClassVar[str]  # the noun in OpenAPI operation ids
    tag: ClassVar[str]
    fields = ("id", "url", "is_active", "secondary_id", "create_date", "update_date")
    event_fields: ClassVar[tuple[str, ...]]
    request_serializer: ClassVar[type[Serializer[Any]]]
    response_serializer: ClassVar[type[Serializer[Any]]]
    example: ClassVar[dict[str, Any]]  # body of a request

    @property
    def tenant(self) -> Tenant:
        """The caller's tenant. Webhooks cover all its clients, so a client token is refused."""
        caller = caller_of(self.request)
        if caller.client is not None:
            raise PermissionDenied("A client token cannot manage the webhooks of the tenant.")
        return caller.tenant

    @classmethod
    def render(
        cls, subscription: WebhookSubscription, *, with_secret: bool = False
    ) -> dict[str, Any]:
        """The body of a response."""
        body = {name: getattr(subscription, name) for name in (*cls.fields, *cls.event_fields)}
        return body | {"secret": subscription.secret if with_secret else None}


class WebhookListView(WebhookView):
    """Create and list webhooks."""

    def post(self, request: Request) -> Response:
        tenant, values = self.tenant, parse_body(self.request_serializer, request)
        values.pop("rotate_secret", None)  # a new webhook has a new secret
        subscription = webhook_subscriptions.create(tenant=tenant, api=self.api, values=values)
        return Response(self.render(subscription, with_secret=True))

    def get(self, request: Request) -> Response:
        rows = webhook_subscriptions.subscriptions_of(self.tenant, self.api)
        page = pages.page(rows, request.query_params, fields=self.fields, render=self.render)
        return Response(page)


class WebhookDetailView(WebhookView):
    """Read, change and delete one webhook."""

    def get(self, request: Request, webhook_id: UUID) -> Response:
        subscription = webhook_subscriptions.get(
            tenant=self.tenant, api=self.api, subscription_id=webhook_id
        )
        return Response(self.render(subscription))

    def put(self, request: Request, webhook_id: UUID) -> Response:
        tenant = self.tenant
        # First, so that an unknown webhook is a 404 whatever the body is.
        webhook_subscriptions.get(tenant=tenant, api=self.api, subscription_id=webhook_id)
        values = parse_body(self.request_serializer, request, partial=True)
        rotate_secret = values.pop("rotate_secret", False)
        subscription = webhook_subscriptions.update(
            tenant=tenant,
            api=self.api,
            subscription_id=webhook_id,
            values=values,
            with_new_secret=rotate_secret,
        )
        return Response(self.render(subscription, with_secret=rotate_secret))

    def delete(self, request: Request, webhook_id: UUID) -> Response:
        webhook_subscriptions.delete(tenant=self.tenant, api=self.api, subscription_id=webhook_id)
        return Response(status=204)


class IntegrationWebhookView(WebhookView):
    """Attributes of the views under /integration/v1/webhook."""

    api = WebhookSubscription.Api.INTEGRATION
    operation_name = tag = "Webhook"
    event_fields = ("integration_service", "extended_events")
    request_serializer = serializers.WebhookBody
    response_serializer = serializers.WebhookResponse
    example: ClassVar[dict[str, Any]] = {
        "url": "https://app.demo.example/hooks/gateway",
        "integration_service": ["async_aggregation_account_transaction"],
        "extended_events": ["aggregation_account_status"],
    }


class NucleusWebhookView(WebhookView):
    """Attributes of the views under /nucleus/v1/webhook."""

    api = WebhookSubscription.Api.NUCLEUS
    operation_name = "NucleusWebhook"
    tag = "Nucleus webhook"
    event_fields = ("atom_service",)
    request_serializer = serializers.NucleusWebhookBody
    response_serializer = serializers.NucleusWebhookResponse
    example: ClassVar[dict[str, Any]] = {
        "url": "https://app.demo.example/hooks/nucleus",
        "atom_service": ["aggregation_account_transaction", "bank_link_verified"],
    }


@document_list
class IntegrationWebhookListView(WebhookListView, IntegrationWebhookView):
    """/integration/v1/webhook."""


@document_detail
class IntegrationWebhookDetailView(WebhookDetailView, IntegrationWebhookView):
    """/integration/v1/webhook/{webhook_id}."""


@document_list
class NucleusWebhookListView(WebhookListView, NucleusWebhookView):
    """/nucleus/v1/webhook."""


@document_detail
class NucleusWebhookDetailView(WebhookDetailView, NucleusWebhookView):
    """/nucleus/v1/webhook/{webhook_id}."""
