"""manage.py erase: erase a client, as DELETE /nucleus/v1/client/{id}?nucleus_data=delete does."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.flows import erasure
from integrations.models import Erasure
from nucleus.models import Client


class Command(BaseCommand):
    help = (
        "Erase a client: its user at the vendor and everything kept about it here. A worker does "
        "it; called again, this says how far it is. Prints JSON. It cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client", required=True, type=UUID, help="the Nucleus client's id")

    def handle(self, *args: Any, **options: Any) -> None:
        client = Client.unscoped.filter(pk=options["client"]).first()
        if client is not None:
            row = erasure.request(client, requested_by="manage.py erase")
        else:
            erasure_row = Erasure.unscoped.filter(client_id=options["client"]).first()
            if erasure_row is None:
                raise CommandError(f"There is no client {options['client']}.")
            row = erasure_row
        report = {
            "client_id": str(row.client_id),
            "outcome": row.outcome,
            "requested_by": row.requested_by,
            "requested_at": row.create_date.isoformat(),
            "erased_at": row.erased_at.isoformat() if row.erased_at else None,
            "finished_at": row.finished_at.isoformat() if row.finished_at else None,
            "problem": row.problem or None,
            "counts": row.counts,
            "left_at_vendor": row.vendor_users if row.erased_at else None,
        }
        self.stdout.write(json.dumps(report, indent=2))
