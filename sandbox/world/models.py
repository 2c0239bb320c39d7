"""What exists in the sandbox.

`payload` columns hold JSON text exactly as the API prints it, so that amounts keep their digits and
lists are cheap to serve.
"""

from __future__ import annotations

from typing import Self

from django.db import models


class World(models.Model):
    """The one row of what is true of everything: the seed, the clock, the last running number."""

    seed = models.CharField(max_length=200)
    serial = models.BigIntegerField(default=0)
    clock_offset = models.BigIntegerField(default=0)  # microseconds ahead of the real time
    clock_stopped_at = models.DateTimeField(null=True)

    @classmethod
    def load(cls) -> Self:
        """The only row."""
        return cls.objects.get()


class BankLogin(models.Model):
    """A login at a bank. It outlives MX's members, so a reconnect finds the same accounts.

    `person` is the identifier that MX's user was created under (its guid without one): a user who
    is created again under that identifier is the same person.
    """

    person = models.CharField(max_length=200)
    institution_code = models.CharField(max_length=64)
    login = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "institution_code", "login"], name="one_bank_login"
            )
        ]


class BankAccount(models.Model):
    """An account as the bank has it now; MX shows what it was at the member's last import."""

    guid = models.CharField(max_length=40, unique=True)
    logins = models.ManyToManyField(BankLogin, related_name="accounts")  # several: a joint account
    plan = models.PositiveIntegerField()  # index in PLANS
    seed = models.CharField(max_length=400)  # of what is generated
    opened_at = models.DateTimeField()  # when the balance was `balance`
    balance = models.BigIntegerField()  # cents
    number = models.CharField(max_length=32)
    routing = models.CharField(max_length=32)
    name = models.CharField(max_length=255, null=True)
    type = models.CharField(max_length=64, null=True)
    subtype = models.CharField(max_length=64, null=True)
    currency = models.CharField(max_length=16, null=True)
    is_closed = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    quiet_periods = models.JSONField(default=list)  # [from, to] without entries; null: open-ended
    owners = models.JSONField(default=list)
    positions = models.TextField(default="{}")  # JSON: symbol → changed fields, or null when sold
    fields = models.TextField(default="{}")  # JSON that replaces fields of MX's answer
    generation = models.PositiveIntegerField(
        default=0
    )  # counts up when MX takes it for another one
    mx_guids = models.TextField(blank=True)  # that MX has ever had for it, separated by spaces


class BankTransaction(models.Model):
    """A transaction that was changed or added; all others are generated from the seed."""

    account = models.ForeignKey(BankAccount, on_delete=models.CASCADE, related_name="changes")
    key = models.CharField(max_length=40)  # of the entry it replaces, or added:1, added:2, …
    changed_at = models.DateTimeField()
    is_withdrawn = models.BooleanField(default=False)
    generation = models.PositiveIntegerField(default=0)  # counts up with every new guid
    date = models.DateField()
    moment = models.DateTimeField()
    pending_from = models.DateTimeField(null=True)
    posts_at = models.DateTimeField(null=True)
    fate = models.CharField(max_length=16)
    cents = models.BigIntegerField()
    is_credit = models.BooleanField()
    description = models.CharField(max_length=2000, null=True)
    top_level_category = models.CharField(max_length=64, null=True)
    category = models.CharField(max_length=64, null=True)
    merchant = models.CharField(max_length=64, blank=True)  # its guid
    flags = models.JSONField(default=list)
    fields = models.TextField(default="{}")  # JSON that replaces fields of MX's answer

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_change_a_transaction")
        ]


class BankEvent(models.Model):
    """Something that happened at the bank or in MX's dashboard, or will."""

    kind = models.CharField(max_length=32)
    values = models.TextField()  # JSON
    is_immediate = models.BooleanField(default=False)  # MX shows it without an import
    due_at = models.DateTimeField(null=True, db_index=True)  # null: over
    happened_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)


class User(models.Model):
    """MX's user."""

    guid = models.CharField(max_length=40, unique=True)
    person = models.CharField(max_length=200)  # see BankLogin
    identifier = models.CharField(max_length=200, unique=True, null=True)
    email = models.CharField(max_length=255, null=True)
    metadata = models.TextField(null=True)
    is_disabled = models.BooleanField(default=False)
    # The billed product of investment holdings: each read enrols the user until it is deactivated.
    has_billed_holdings = models.BooleanField(default=False)
    holdings_reads = models.PositiveIntegerField(default=0)


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
    is_oauth = models.BooleanField(default=False)
    oauth_failed = models.BooleanField(default=False)  # the bank's page was left without success
    created_at = models.DateTimeField()
    connection_status = models.CharField(max_length=32, default="CREATED")
    status = models.CharField(max_length=32, null=True)
    due_at = models.DateTimeField(null=True, db_index=True)  # when its next step runs

    job = models.CharField(max_length=16, blank=True)  # empty: none runs
    step = models.CharField(max_length=16, blank=True)
    includes_transactions = models.BooleanField(default=True)
    is_background = models.BooleanField(default=False)
    questions = models.JSONField(default=list)  # kinds of those that wait
    answers = models.JSONField(default=list)  # in their order
    is_authenticated = models.BooleanField(default=False)
    has_processed_accounts = models.BooleanField(default=False)
    has_processed_transactions = models.BooleanField(default=False)

    aggregated_at = models.DateTimeField(null=True)
    successfully_aggregated_at = models.DateTimeField(null=True)
    throttled_from = models.DateTimeField(null=True)
    balance_jobs = models.JSONField(default=list)  # when the last ones began
    failures = models.PositiveIntegerField(default=0)  # in a row
    background_aggregation_is_disabled = models.BooleanField(default=False)
    history_days = models.PositiveIntegerField(default=0)  # 0: no transactions yet
    verified = models.JSONField(default=list)  # guids of the accounts whose numbers are known
    callback_payload = models.CharField(max_length=1024, blank=True)  # X-CALLBACK-PAYLOAD
    bank_login = models.ForeignKey(BankLogin, on_delete=models.SET_NULL, null=True)
    fields = models.TextField(default="{}")  # JSON that replaces fields of MX's answer

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution_code", "login"],
                condition=~models.Q(login=""),
                name="one_member_per_login",
            ),
            models.UniqueConstraint(fields=["user", "identifier"], name="member_identifier"),
        ]


class Account(models.Model):
    """An account of a member, as the last import brought it."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.CASCADE)
    generation = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()  # when MX first saw it
    history_from = models.DateField(null=True)  # the day its transactions were imported from
    transactions_at = models.DateTimeField(null=True)  # last import; null: all of them again
    type = models.CharField(max_length=64)
    number = models.CharField(max_length=32)
    routing = models.CharField(max_length=32)
    owners = models.JSONField(null=True)  # null: never identified
    payload = models.TextField()


class Transaction(models.Model):
    """A transaction of an account."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    entry = models.CharField(max_length=40, blank=True)  # its key at the bank
    date = models.DateField()
    is_pending = models.BooleanField(null=True)
    payload = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "entry"]),
            models.Index(fields=["account", "-date", "-id"]),
            models.Index(fields=["member", "-date", "-id"]),
            models.Index(fields=["user", "-date", "-id"]),
        ]


class Holding(models.Model):
    """A position in an account."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    payload = models.TextField()


class Ghost(models.Model):
    """An account or transaction of a deleted member, which lists of its user still show."""

    guid = models.CharField(max_length=40)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    kind = models.CharField(max_length=16)  # account or transaction
    date = models.DateField(null=True)  # of a transaction
    payload = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["user", "kind", "-date", "-id"])]


class Statement(models.Model):
    """A month of an account as a PDF."""

    guid = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    month = models.DateField()  # its first day
    content_hash = models.CharField(max_length=64)
    pdf = models.BinaryField()
    payload = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month"], name="one_statement_a_month")
        ]


class WidgetSession(models.Model):
    """A widget URL and, once it was opened, the session behind it."""

    token = models.CharField(max_length=64, unique=True)  # in the URL; works once
    key = models.CharField(max_length=64, unique=True)  # in the opened page; proves the session
    guid = models.CharField(max_length=40)  # in messages
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    options = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)  # member guid → jobs of the session it is done with
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)


class OAuthWindow(models.Model):
    """One visit to the stand-in bank; its URI works once."""

    state = models.CharField(max_length=64, unique=True)
    code = models.CharField(max_length=64, blank=True)  # what the bank hands back
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class Webhook(models.Model):
    """Where events are sent. MX keeps this in its dashboard, so no API has a call for it."""

    url = models.CharField(max_length=2000)
    username = models.CharField(max_length=255, blank=True)
    password = models.CharField(max_length=255, blank=True)
    api = models.CharField(max_length=16, default="atrium")
    version = models.CharField(max_length=16, default="v1")
    types = models.JSONField(default=list)


class ObjectRevision(models.Model):
    """What MX Platform's webhooks last said of an object, such as a member or an account."""

    guid = models.CharField(max_length=40, unique=True)
    member = models.CharField(max_length=40, blank=True, db_index=True)  # guid; of its data
    owner = models.CharField(max_length=40, blank=True)  # guid of the user
    digest = models.CharField(max_length=64, blank=True)  # of its fields; empty: deleted
    revision = models.PositiveIntegerField(default=0)


class Delivery(models.Model):
    """One event on its way to one URL."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE)
    type = models.CharField(max_length=32)
    payload = models.TextField()
    headers = models.JSONField(default=dict)  # beside those of every webhook
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_index=True)  # null: delivered or given up
    state = models.CharField(max_length=16, default="waiting")
    attempts = models.JSONField(default=list)
