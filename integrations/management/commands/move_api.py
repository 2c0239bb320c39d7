"""manage.py move_api: move a tenant from one of a vendor's APIs to another, and back."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.flows import api_moves
from integrations.flows.api_comparison import Comparison
from integrations.flows.errors import FlowError
from integrations.vendors.errors import VendorError, VendorNotConfigured
from nucleus.encryption import DecryptionFailed
from nucleus.models import Tenant

MISSING_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Compare what a tenant's active credential and an inactive one of another API answer, and "
        "with --switch move the tenant to the latter. See docs/moving-to-platform.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="slug, e.g. demo")
        parser.add_argument("--vendor", default="mx")
        parser.add_argument(
            "--credential", default="", help="id of the inactive credential, if there are several"
        )
        parser.add_argument(
            "--sample", type=int, default=api_moves.SAMPLE_USERS, help="users to compare"
        )
        parser.add_argument(
            "--new-client",
            action="store_true",
            help="the inactive credential belongs to a new client of the vendor: no user carries "
            "over, and people link their banks again",
        )
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--switch", action="store_true", help="move, if the comparison allows it"
        )
        group.add_argument("--undo", action="store_true", help="undo the last move")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        try:
            if options["undo"]:
                moved = api_moves.undo(tenant=tenant, vendor=options["vendor"])
                self.stdout.write(f"Undone: {moved}. {tenant.slug} uses {moved.from_name} again.")
            else:
                self._compare_and_switch(tenant, options)
        except (FlowError, VendorError, VendorNotConfigured, DecryptionFailed) as error:
            raise CommandError(str(error)) from None
        except ValidationError:
            raise CommandError(
                f"{options['credential']!r} is not the id of a credential."
            ) from None

    def _compare_and_switch(self, tenant: Tenant, options: dict[str, Any]) -> None:
        move = api_moves.planned(
            tenant=tenant, vendor=options["vendor"], credential_id=options["credential"]
        )
        self.stdout.write(str(move))
        comparison = api_moves.compare(move, users=max(options["sample"], 1))
        self._report(comparison)
        problem = api_moves.problem(comparison, is_new_client=options["new_client"])
        if problem:
            raise CommandError(problem)
        if not options["switch"]:
            self.stdout.write("The tenant can be moved: --switch does it.")
            return
        moved = api_moves.switch(
            move, requested_by="manage.py move_api", is_new_client=options["new_client"]
        )
        self.stdout.write(f"Moved: {tenant.slug} uses {moved.to_name}. --undo returns.")

    def _report(self, comparison: Comparison) -> None:
        counts = ", ".join(f"{count} {kind}s" for kind, count in comparison.compared.items())
        self.stdout.write(f"Compared: {counts or 'nothing, because there are no users'}")
        for kind, vendor_id in comparison.missing[:MISSING_SHOWN]:
            self.stdout.write(f"Missing   {kind} {vendor_id}")
        if more := len(comparison.missing[MISSING_SHOWN:]):
            self.stdout.write(f"Missing   {more} more")
        for line in comparison.examples():
            self.stdout.write(f"Differs   {line}")
