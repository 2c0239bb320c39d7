"""Webhooks of vendors, stored before they are processed."""

from __future__ import annotations

from django.db import models

from nucleus.models.base import Record


class InboundWebhook(Record):
    """One request of a vendor. Jobs do not use its content but read the data from the vendor.

    Most webhooks have no event id, and two real events can be byte-identical, so equal webhooks are
    all stored; `digest` only helps people to see retries. Those that have a `subject` are stored
    once per `revision`.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting for its job"
        HANDLED = "handled", "Handled"
        EARLY = "early", "Too early: not linked here"
        GONE = "gone", "About a connection that is gone"
        QUARANTINED = "quarantined", "Kept, not understood"
        TEST = "test", "Test"

    tenant = models.ForeignKey("nucleus.Tenant", on_delete=models.PROTECT, related_name="+")
    vendor = models.CharField(max_length=32)
    kind = models.CharField(
        "vendor's name of the event", max_length=64, blank=True
    )  # the vendor's own name of the event
    vendor_member_id = models.CharField("connection's id at the vendor", max_length=255, blank=True)
    vendor_user_id = models.CharField("user's id at the vendor", max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)  # id of the event, or of its object
    revision = models.BigIntegerField(default=0)  # of the subject
    body = models.TextField()  # JSON without data of people and their accounts
    digest = models.CharField(max_length=64)  # sha256 of the request's body, hex
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVED)
    note = models.CharField(max_length=255, blank=True)  # why nothing was read
    request_id = models.CharField(max_length=64, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "inbound webhook"
        indexes = [
            models.Index(fields=["tenant", "-create_date"]),
            models.Index(fields=["-create_date", "-id"]),  # of the admin, as is the next one
            models.Index(
                fields=["-create_date", "-id"],
                condition=models.Q(state="quarantined"),
                name="inbox_quarantined",
            ),
            models.Index(
                fields=["tenant", "vendor_member_id"],
                condition=models.Q(state="received"),
                name="inbox_waiting",
            ),
            models.Index(
                fields=["tenant", "subject"],
                condition=~models.Q(subject=""),
                name="inbox_subject",
            ),
            models.Index(
                fields=["vendor_user_id", "-create_date"],  # of the admin
                condition=~models.Q(vendor_user_id=""),
                name="inbox_of_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'webhook'} {self.id}"
