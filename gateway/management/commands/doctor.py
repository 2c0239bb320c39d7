"""manage.py doctor: check the installation, and print how to fix what is wrong."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from gateway.diagnostics import report
from gateway.diagnostics.findings import FIX, Finding
from gateway.diagnostics.installation import DATABASE
from nucleus.models import Tenant

CHECKED_BY = "manage.py doctor"


class Command(BaseCommand):
    help = (
        "Check settings, database, Redis, broker, workers, and every tenant's credentials by a "
        "vendor call. The page Doctor of the admin shows the result."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = database_failed = False
        for finding in report.check_installation(checked_by=CHECKED_BY):
            failed |= finding.level is FIX
            database_failed |= finding.level is FIX and finding.subject == DATABASE
            self._write(finding)
        if not database_failed:
            for tenant in Tenant.objects.filter(is_active=True).order_by("slug"):
                for finding in report.check_tenant(tenant, checked_by=CHECKED_BY):
                    failed |= finding.level is FIX
                    self._write(finding, prefix=f"{tenant.slug}: ")
        if failed:
            raise SystemExit(1)

    def _write(self, finding: Finding, prefix: str = "") -> None:
        self.stdout.write(f"{finding.level:4} {prefix}{finding.message}")
