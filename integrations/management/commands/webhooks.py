"""manage.py webhooks: replay deliveries that the tenant's applications have missed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from integrations.flows import outbound_webhooks
from integrations.models import WebhookDelivery
from nucleus.models import Tenant


class Command(BaseCommand):
    help = "Replay webhook deliveries: one by its id, or those of a tenant in a range of time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["replay"])
        parser.add_argument("--delivery", help="the id of one delivery")
        parser.add_argument("--tenant", help="slug")
        parser.add_argument("--from", dest="since", help="ISO 8601; UTC unless it names a zone")
        parser.add_argument("--to", dest="until", help="ISO 8601; default: now")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = _delivery(options["delivery"]) if options["delivery"] else _range(options)
        self.stdout.write(f"{outbound_webhooks.replay(rows)} deliveries are on their way again")


def _delivery(delivery_id: str) -> list[WebhookDelivery]:
    try:
        return [WebhookDelivery.unscoped.get(pk=delivery_id)]
    except (WebhookDelivery.DoesNotExist, ValidationError):
        raise CommandError(f"There is no delivery {delivery_id}.") from None


def _range(options: dict[str, Any]) -> list[WebhookDelivery]:
    if not options["tenant"] or not options["since"]:
        raise CommandError("Give --delivery, or --tenant with --from.")
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {options['tenant']!r}.")
    until = _instant(options["until"]) if options["until"] else timezone.now()
    return outbound_webhooks.deliveries_between(
        tenant=tenant, since=_instant(options["since"]), until=until
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no ISO 8601 instant.") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
