"""How staff sign in: their sessions, and their second factor."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from nucleus.encryption import EncryptedTextField


class CodeGenerator(models.Model):
    """The secret that somebody's authenticator app computes codes from (TOTP, RFC 6238)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="code_generator"
    )
    secret = EncryptedTextField()
    confirmed_at = models.DateTimeField(null=True)  # null until a first code was right
    last_step = models.BigIntegerField(default=0)  # of the last right code; it is not right twice

    class Meta:
        app_label = "access"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class RecoveryCode(models.Model):
    """A code that replaces one of the authenticator app, once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)  # keyed hash of the code
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "access"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class StaffSession(models.Model):
    """A session of the admin: whose, from where, and when it was last used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)  # never shown
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=200, blank=True)  # as it calls itself
    started_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "access"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
