"""Create, change and delete the webhook subscriptions of a tenant.

Changes of one tenant's subscriptions are serialized. Otherwise one could restore a deleted
subscription or a rotated secret, or activate a second subscription for an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations import outbound_http
from integrations.flows.errors import FlowError, NotFound
from integrations.models import WebhookSubscription
from integrations.models.outbound_webhooks import new_secret
from nucleus.models import Tenant

Api = WebhookSubscription.Api
SECRET_OVERLAP = timedelta(days=1)  # deliveries carry the signatures of both secrets
EVENT_FIELDS = {
    Api.INTEGRATION: "integration_service or extended_events",
    Api.NUCLEUS: "atom_service",
}


def subscriptions_of(tenant: Tenant, api: Api) -> QuerySet[WebhookSubscription]:
    """The subscriptions that the tenant created with this API."""
    return WebhookSubscription.objects.for_tenant(tenant).filter(api=api)


def get(*, tenant: Tenant, api: Api, subscription_id: UUID) -> WebhookSubscription:
    """The tenant's subscription with this id. Raises NotFound if this API has none."""
    subscription = subscriptions_of(tenant, api).filter(pk=subscription_id).first()
    if subscription is None:
        raise NotFound(f"There is no webhook {subscription_id}.")
    return subscription


def create(*, tenant: Tenant, api: Api, values: Mapping[str, Any]) -> WebhookSubscription:
    """Create a subscription; its secret is generated.

    Args:
        values: fields of the model and their values.

    Raises:
        FlowError: deliveries would be impossible, or another subscription has the event.
    """
    with transaction.atomic():
        _lock(tenant)
        return _save(WebhookSubscription(tenant=tenant, api=api), values)


def update(
    *,
    tenant: Tenant,
    api: Api,
    subscription_id: UUID,
    values: Mapping[str, Any],
    with_new_secret: bool = False,
) -> WebhookSubscription:
    """Change the named fields of a subscription.

    Args:
        values: fields of the model and their values; the other fields stay.
        with_new_secret: generate a secret. The old one signs too, for SECRET_OVERLAP.

    Raises:
        NotFound: the tenant has no such subscription in this API.
        FlowError: deliveries would be impossible, or another subscription has the event.
    """
    with transaction.atomic():
        _lock(tenant)
        subscription = get(tenant=tenant, api=api, subscription_id=subscription_id)
        if with_new_secret:
            rotate_secret(subscription)
        return _save(subscription, values)


def delete(*, tenant: Tenant, api: Api, subscription_id: UUID) -> None:
    """Delete a subscription and its deliveries. Raises NotFound if there is none."""
    with transaction.atomic():
        _lock(tenant)
        get(tenant=tenant, api=api, subscription_id=subscription_id).delete()


def rotate_secret(subscription: WebhookSubscription) -> None:
    """Replace the secret, without saving; the old one signs too, for SECRET_OVERLAP."""
    subscription.previous_secret = subscription.secret
    subscription.previous_secret_until = timezone.now() + SECRET_OVERLAP
    subscription.secret = new_secret()


def _lock(tenant: Tenant) -> None:
    rows = Tenant.objects.select_for_update(no_key=True)  # rows can still refer to the tenant
    rows.values_list("pk").get(pk=tenant.pk)


def _save(subscription: WebhookSubscription, values: Mapping[str, Any]) -> WebhookSubscription:
    for name, value in values.items():
        setattr(subscription, name, value)
    _validate(subscription)
    subscription.save()
    return subscription


def _validate(subscription: WebhookSubscription) -> None:
    """Raise for what is not allowed; one active URL per event is Hydrogen's rule.

    Source: docs/hydrogen-contract.md#integration-endpoints.
    """
    api = Api(subscription.api)
    if problem := outbound_http.webhook_url_error(subscription.url):
        raise FlowError(f"url: {problem}")
    if not subscription.events:
        raise FlowError(f"Name at least one event in {EVENT_FIELDS[api]}.")
    if not subscription.is_active:
        return
    others = subscriptions_of(subscription.tenant, api).exclude(pk=subscription.pk)
    for other in others.filter(is_active=True):
        if shared := sorted(set(other.events) & set(subscription.events)):
            raise FlowError(
                f"{', '.join(shared)}: webhook {other.pk} is already active for this. Change or "
                "deactivate it first: each event is sent to one URL only."
            )
