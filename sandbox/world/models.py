"""What exists in the sandbox.

`payload` columns hold JSON text exactly as the API prints it, so that amounts keep their digits and
lists are cheap to serve.
"""

from __future__ import annotations

from django.db import models


class User(models.Model):
    """MX's user."""

    guid = models.CharField(max_length=40, unique=True)
    identifier = models.CharField(max_length=200, unique=True, null=True)
    metadata = models.TextField(null=True)
    is_disabled = models.BooleanField(default=False)


class Member(models.Model):
    """A user's connection to an institution, and the job that runs on it."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    institution_code = models.CharField(max_length=64)
    identifier = models.CharField(max_length=200, null=True)
    metadata = models.TextField(null=True)
    name = models.CharField(max_length=255)
    login = models.CharField(max_length=255, blank=True)
    password = models.CharField(max_length=255, blank=True)
    connection_status = models.CharField(max_length=32, default="CREATED")
    status = models.CharField(max_length=32, default="INITIATED")
    job = models.CharField(max_length=16, blank=True)  # empty: none runs
    job_ends_at = models.DateTimeField(null=True)
    challenge = models.CharField(max_length=16, blank=True)  # the question that waits
    answer = models.CharField(max_length=255, blank=True)  # the last one given
    aggregated_at = models.DateTimeField(null=True)
    successfully_aggregated_at = models.DateTimeField(null=True)
    background_aggregation_is_disabled = models.BooleanField(default=False)
    has_numbers = models.BooleanField(default=False)
    has_owners = models.BooleanField(default=False)
    selected_account = models.CharField(max_length=40, blank=True)  # empty: all of them

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution_code", "login"], name="one_member_per_login"
            ),
            models.UniqueConstraint(fields=["user", "identifier"], name="member_identifier"),
        ]


class Account(models.Model):
    """An account of a member."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    type = models.CharField(max_length=32)
    number = models.CharField(max_length=32)
    routing = models.CharField(max_length=32)
    payload = models.TextField()


class Transaction(models.Model):
    """A transaction of an account."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    date = models.DateField()
    payload = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["account", "-date", "-id"])]


class Holding(models.Model):
    """A position in an account."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    payload = models.TextField()


class WidgetSession(models.Model):
    """A widget URL and, once it was opened, the session behind it."""

    token = models.CharField(max_length=64, unique=True)  # in the URL; works once
    key = models.CharField(max_length=64, unique=True)  # in the opened page; proves the session
    guid = models.CharField(max_length=40)  # in messages
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)
