"""manage.py transactions: read all of them again, and decide about withheld removals."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from integrations.flows import retrieval
from integrations.models import AccountLink

MAX_ACCOUNTS = 10_000


class Command(BaseCommand):
    help = "Read all transactions that the vendor has again, and accept withheld removals."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        parsers = {
            "reread": "enqueue a read of all transactions that the vendor has",
            "withheld": "list accounts of which an unlikely share of the transactions is missing",
            "accept-removals": "withdraw what is missing, after reading all transactions again",
        }
        for name, text in parsers.items():
            subparser = actions.add_parser(name, help=text)
            subparser.add_argument("--tenant", default="", help="slug")
            subparser.add_argument("--account", default="", help="id of an aggregation account")

    def handle(self, *args: Any, **options: Any) -> None:
        links = _matching(options)
        if options["action"] == "withheld":
            for link in links.filter(withheld_removals__gt=0)[:MAX_ACCOUNTS]:
                self.stdout.write(
                    f"{link.aggregation_account_id}  {link.tenant.slug}  {link}: "
                    f"{link.withheld_removals} transactions"
                )
            return
        if not options["account"] and not options["tenant"]:
            raise CommandError("Give --account or --tenant.")
        if options["action"] == "accept-removals":
            count = retrieval.accept_removals(links.filter(withheld_removals__gt=0)[:MAX_ACCOUNTS])
        else:
            count = retrieval.reread_history(links[:MAX_ACCOUNTS])
        self.stdout.write(f"{count} accounts are being read again")


def _matching(options: dict[str, Any]) -> QuerySet[AccountLink]:
    rows = AccountLink.unscoped.filter(ended_at=None, member__isnull=False)
    rows = rows.select_related("tenant", "member__vendor_user", "aggregation_account")
    if options.get("tenant"):
        rows = rows.filter(tenant__slug=options["tenant"])
    if options.get("account"):
        try:
            rows = rows.filter(aggregation_account_id=options["account"])
        except ValidationError:
            raise CommandError(f"{options['account']!r} is not the id of an account.") from None
        if not rows.exists():
            raise CommandError(f"There is no linked aggregation account {options['account']}.")
    return rows.order_by("create_date", "id")
