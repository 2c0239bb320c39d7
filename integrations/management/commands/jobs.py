"""manage.py jobs: list and show jobs, and requeue dead ones."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Min, QuerySet

from integrations.jobs import requeue
from integrations.models import Job, JobState

MAX_REQUEUED = 10_000


class Command(BaseCommand):
    help = "List, show and requeue jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("summary", help="how many of each kind are in which state")
        listing = actions.add_parser("list", help="the newest jobs")
        requeueing = actions.add_parser(
            "requeue", help="requeue all dead jobs, or those that match"
        )
        for subparser in (listing, requeueing):
            subparser.add_argument("--kind", default="")
            subparser.add_argument("--tenant", default="", help="slug")
        listing.add_argument("--state", choices=JobState.values, default="")
        listing.add_argument("--limit", type=int, default=20)
        actions.add_parser("show", help="everything about one job").add_argument("id")
        actions.add_parser("retry", help="requeue one dead or waiting job").add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _summary(self, options: dict[str, Any]) -> None:
        rows = Job.objects.values("kind", "state").annotate(count=Count("*"), first=Min("run_at"))
        for row in rows.order_by("kind", "state"):
            due = f", first due {row['first']:%Y-%m-%d %H:%M:%S}" if row["state"] == "ready" else ""
            self.stdout.write(f"{row['kind']:<20}{row['state']:<9}{row['count']:>8}{due}")

    def _list(self, options: dict[str, Any]) -> None:
        rows = _matching(options)
        if options["state"]:
            rows = rows.filter(state=options["state"])
        for job in rows.order_by("-create_date")[: options["limit"]]:
            self.stdout.write(
                f"{job.id}  {job.kind:<20}{job.state:<9}attempt {job.attempts}/{job.max_attempts}  "
                f"due {job.run_at:%Y-%m-%d %H:%M:%S}  {job.last_error}"
            )

    def _show(self, options: dict[str, Any]) -> None:
        job = _job(options["id"])
        names = [field.attname for field in Job._meta.fields]
        values = {name: getattr(job, name) for name in names}
        self.stdout.write(json.dumps(values, indent=2, default=str))

    def _retry(self, options: dict[str, Any]) -> None:
        job = _job(options["id"])
        requeued = requeue.requeue(job)
        if requeued is None:
            job.refresh_from_db()
            raise CommandError(f"It is {job.state}; only dead and waiting jobs can be requeued.")
        if requeued is requeue.Requeued.MERGED:
            self.stdout.write(
                f"{job.kind} {job.pk} is merged with the same work that was waiting and is due"
            )
        else:
            self.stdout.write(f"{job.kind} {job.pk} is due")

    def _requeue(self, options: dict[str, Any]) -> None:
        dead = _matching(options).filter(state=JobState.DEAD).order_by("create_date")[:MAX_REQUEUED]
        self.stdout.write(requeue.requeue_all(dead))


def _matching(options: dict[str, Any]) -> QuerySet[Job]:
    rows = Job.objects.all()
    if options["kind"]:
        rows = rows.filter(kind=options["kind"])
    if options["tenant"]:
        rows = rows.filter(tenant__slug=options["tenant"])
    return rows


def _job(job_id: str) -> Job:
    try:
        return Job.objects.get(pk=job_id)
    except (Job.DoesNotExist, ValidationError):
        raise CommandError(f"There is no job {job_id}.") from None
