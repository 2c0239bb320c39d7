"""Bodies of the webhook endpoints.

Fields are those of Hydrogen: docs/hydrogen-contract.md#integration-endpoints.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.flows import outbound_webhooks
from nucleus.hydrogen.fields import FlagField, InstantField, PlainTextField, VocabularyField
from nucleus.hydrogen.unknown_names import READ_ONLY, BodySerializer


def _events(names: tuple[str, ...], **kwargs: Any) -> serializers.ListField:
    return serializers.ListField(
        child=VocabularyField(names), required=False, max_length=len(names), **kwargs
    )


class _Request(BodySerializer):
    read_only_names = (*READ_ONLY, "secret")

    url = PlainTextField(max_length=2000)
    is_active = FlagField(required=False)
    secondary_id = PlainTextField(max_length=255, required=False)
    rotate_secret = FlagField(
        required=False,
        help_text="PUT only: generate a new secret. For one day the old one signs as well.",
    )


class _Response(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    is_active = serializers.BooleanField()
    secret = serializers.CharField(allow_null=True)
    secondary_id = serializers.CharField(allow_null=True)
    create_date = InstantField()
    update_date = InstantField()


class WebhookBody(_Request):
    """A webhook to create or change."""

    integration_service = _events(outbound_webhooks.SERVICES)
    extended_events = _events(
        outbound_webhooks.EXTENDED,
        help_text="Events in addition to Hydrogen's own. Hydrogen's SDKs do not know them.",
    )


class WebhookResponse(_Response):
    """A webhook. The secret is returned once, when it is generated; later it is null."""

    integration_service = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.SERVICES)
    )
    extended_events = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.EXTENDED)
    )


class NucleusWebhookBody(_Request):
    """A Nucleus webhook to create or change."""

    atom_service = _events(
        outbound_webhooks.ATOM_SERVICES,
        help_text=(
            "The gateway sends the aggregation_account events and bank_link_verified. The others "
            "are accepted but concern data that the gateway does not store."
        ),
    )


class NucleusWebhookResponse(_Response):
    """A Nucleus webhook. The secret is returned once, when it is generated; later it is null."""

    atom_service = serializers.ListField(
        child=serializers.ChoiceField(outbound_webhooks.ATOM_SERVICES)
    )
