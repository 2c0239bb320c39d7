"""Filters of the list of jobs: by kind, due time and error."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.flows import job_errors
from integrations.jobs.job_queue import database_now
from integrations.jobs.kinds import KINDS
from integrations.models import JobState


def kind_label(kind: str) -> str:
    """What a job of that kind does; the name of a kind that this version does not have."""
    return KINDS[kind].label if kind in KINDS else kind


class KindFilter(SimpleListFilter):
    """Jobs that do the same."""

    title = "what"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, kind.label) for name, kind in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class DueFilter(SimpleListFilter):
    """Waiting jobs that are due, or are not due yet."""

    title = "due"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Due now"), ("later", "Due later")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = database_now()
        if self.value() == "now":
            return queryset.filter(state=JobState.READY, run_at__lte=now)
        if self.value() == "later":
            return queryset.filter(state=JobState.READY, run_at__gt=now)
        return queryset


class ErrorFilter(SimpleListFilter):
    """Dead and waiting jobs with the same error."""

    title = "error"
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.value()  # the groups are on a page of their own: collecting them takes long
        return [(chosen, "The same error")] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        alike = job_errors.jobs_of(queryset.order_by(), str(self.value()))
        if alike is None:
            return queryset.none()
        ids = alike.values_list("pk", flat=True)[: job_errors.MAX_TEXTS]
        return queryset.filter(pk__in=list(ids))
