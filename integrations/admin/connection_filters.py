"""Filters of the list of connections: by state, and by who has to act."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.flows import connection_state, overview
from integrations.flows.connection_descriptions import TITLES
from integrations.flows.connection_state import StateReason
from integrations.vendors.records import ActionRequiredBy

# Quick filters: name → title and reasons, as the tabs above the list offer them.
ATTENTION: dict[str, tuple[str, list[StateReason]]] = {
    "customer": (
        "Needs its customer",
        connection_state.reasons_of(action_required_by=ActionRequiredBy.END_USER),
    ),
    "us": ("Needs us", connection_state.reasons_of(action_required_by=ActionRequiredBy.STAFF)),
    "vendor": (
        "Bank's or vendor's trouble",
        connection_state.reasons_of(state=connection_state.ConnectionState.UNAVAILABLE),
    ),
    "stale": (
        "Stale",
        connection_state.reasons_of(state=connection_state.ConnectionState.STALE),
    ),
}


IMPORT_AGES = {
    "day": "Within 24 hours",
    "two_days": "24 to 48 hours ago",
    "older": "Longer ago",
    "never": "Never",
}


class AttentionFilter(SimpleListFilter):
    """Connections that somebody has to act on."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in ATTENTION.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ATTENTION:
            return queryset
        return queryset.filter(state_reason__in=ATTENTION[str(self.value())][1])


class StateReasonFilter(SimpleListFilter):
    """Connections in one state, by the words of the list."""

    title = "state"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason.value, title) for reason, title in TITLES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in list(StateReason):
            return queryset
        return queryset.filter(state_reason=self.value())


class ImportAgeFilter(SimpleListFilter):
    """Connections by the age of the vendor's last import, as the overview counts them."""

    title = "last import"
    parameter_name = "imported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(IMPORT_AGES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in IMPORT_AGES:
            return queryset
        return queryset.filter(**overview.import_age(str(self.value())))
