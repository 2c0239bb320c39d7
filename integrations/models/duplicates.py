"""Aggregation accounts that may be, or were declared to be, the same account at the bank."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from nucleus.models.base import TenantRecord


class PossibleDuplicate(TenantRecord):
    """Two accounts of one owner that look like the same account, for the tenant to decide."""

    class State(models.TextChoices):
        OPEN = "open"
        MERGED = "merged"
        DISMISSED = "dismissed"

    aggregation_account = models.ForeignKey(
        "nucleus.AggregationAccount", on_delete=models.CASCADE, related_name="+"
    )
    other_account = models.ForeignKey(
        "nucleus.AggregationAccount", on_delete=models.CASCADE, related_name="+"
    )
    reason = models.CharField(max_length=255)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["aggregation_account", "other_account"], name="possible_duplicate_once"
            ),
            models.CheckConstraint(
                condition=~Q(aggregation_account=models.F("other_account")),
                name="possible_duplicate_of_another",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-create_date", "id"])]

    def __str__(self) -> str:
        return f"{self.aggregation_account} / {self.other_account}"


class AccountMerge(TenantRecord):
    """One account was merged into another; holds what undoing it takes."""

    kept_account = models.ForeignKey(
        "nucleus.AggregationAccount", on_delete=models.CASCADE, related_name="+"
    )
    merged_account = models.ForeignKey(
        "nucleus.AggregationAccount", on_delete=models.CASCADE, related_name="+"
    )
    # What the merge changed, as flows/account_merges.py stores and reads it.
    changes = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merged_account"],
                condition=Q(undone_at__isnull=True),
                name="account_merged_once",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-create_date", "id"])]

    def __str__(self) -> str:
        return f"{self.merged_account} into {self.kept_account}"
