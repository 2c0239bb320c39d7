"""Which tenants a member of staff works for, and what they did."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from nucleus.models.base import Record


class StaffAccess(models.Model):
    """The tenants whose rows a user of the admin sees. A user without this row sees none.

    Superusers see all tenants, whatever this says.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_access"
    )
    all_tenants = models.BooleanField(default=False)  # also those that are added later
    tenants = models.ManyToManyField("nucleus.Tenant", blank=True, related_name="+")

    class Meta:
        default_permissions = ()  # who may change the user may change this
        permissions = [
            ("reveal_numbers", "Can reveal account and routing numbers"),
            ("export_data", "Can export data as files"),
        ]

    def __str__(self) -> str:
        return "All tenants" if self.all_tenants else "Some tenants"


class StaffAction(Record):
    """Something that somebody of staff did. Rows are added and never changed."""

    class Kind(models.TextChoices):
        LOG_IN = "log_in", "Log-in"
        ADD = "add", "Added"
        CHANGE = "change", "Changed"
        DELETE = "delete", "Deleted"
        ACTION = "action", "Action"
        REVEAL = "reveal", "Revealed"
        EXPORT = "export", "Exported"

    create_date = models.DateTimeField("time", auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="who"
    )
    # Of the object; null if it belongs to none, such as a user.
    tenant = models.ForeignKey(
        "nucleus.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField("what", max_length=16, choices=Kind)
    content_type = models.ForeignKey(
        "contenttypes.ContentType", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    object_id = models.CharField(max_length=255, blank=True, default="")
    object_name = models.CharField(max_length=200, blank=True, default="")
    message = models.TextField(blank=True, default="")
    changes = models.JSONField(default=list)  # [field, from, to] of each changed field, in words

    class Meta:
        verbose_name = verbose_name_plural = "who did what"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-create_date", "id"], name="staff_action_newest"),
            models.Index(fields=["tenant", "-create_date", "id"], name="staff_action_of_tenant"),
            models.Index(fields=["user", "-create_date", "id"], name="staff_action_of_user"),
            models.Index(fields=["content_type", "object_id"], name="staff_action_on_object"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An action of staff is recorded once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("An action of staff is not deleted.")
