"""Aggregation accounts that may be, or were declared to be, the same account at the bank."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from nucleus.models.base import TenantRecord


class PossibleDuplicate(TenantRecord):
    """Two accounts of one owner that look like the same account, for the tenant to decide."""

    class State(models.TextChoices):
        OPEN = "open", "Undecided"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Different accounts"

    aggregation_account = models.ForeignKey(
        "nucleus.AggregationAccount",
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="account linked later",
    )
    other_account = models.ForeignKey(
        "nucleus.AggregationAccount",
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="account linked earlier",
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
        indexes = [
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin
        ]

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
    requested_by = models.CharField(max_length=255, blank=True)
    moved_transactions = models.PositiveIntegerField(default=0)
    # What the merge changed besides entries, as flows/account_merges.py stores and reads it.
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
        indexes = [
            models.Index(fields=["tenant", "-create_date", "id"]),
            models.Index(fields=["tenant", "-update_date", "id"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin
        ]

    def __str__(self) -> str:
        return f"{self.merged_account} into {self.kept_account}"


class MergedEntry(models.Model):
    """A transaction or holding that a merge changed, as it was before; undoing it reads this."""

    class Kind(models.TextChoices):
        TRANSACTION = "transaction"
        HOLDING = "holding"

    id = models.BigAutoField(primary_key=True)
    merge = models.ForeignKey(AccountMerge, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # No foreign key: it would cost every deletion of entries a look-up.
    entry_id = models.UUIDField()
    of_merged_account = models.BooleanField()
    source_id = models.CharField(max_length=255, null=True, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    source_generation = models.PositiveSmallIntegerField()
    is_active = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.kind} {self.entry_id}"
