import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import integrations.models.outbound_webhooks
import integrations.models.settings
import nucleus.encryption


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("nucleus", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VendorCredential",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(default="mx", max_length=32)),
                ("api", models.CharField(default="platform", max_length=32, verbose_name="API")),
                (
                    "api_version",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Leave empty for the newest version that the gateway speaks.",
                        max_length=16,
                        verbose_name="API version",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[
                            ("production", "Production"),
                            ("development", "Development"),
                            ("custom", "Custom base URL"),
                        ],
                        default="development",
                        max_length=16,
                    ),
                ),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text="Only for a custom base URL; its host must be in VENDOR_ALLOWED_HOSTS.",
                        max_length=255,
                        verbose_name="base URL",
                    ),
                ),
                (
                    "client_id",
                    models.CharField(
                        help_text="MX Platform: the Client ID. MX Atrium: the MX-Client-ID.",
                        max_length=255,
                        verbose_name="Username/Client Id",
                    ),
                ),
                (
                    "secret",
                    nucleus.encryption.EncryptedTextField(
                        help_text="MX Platform: the API key. MX Atrium: the MX-API-Key.",
                        verbose_name="Password/Client Secret",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("tested_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "tested_by",
                    models.CharField(blank=True, default="", editable=False, max_length=150),
                ),
                ("test_passed", models.BooleanField(editable=False, null=True)),
                ("test_message", models.TextField(blank=True, default="", editable=False)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendor_credentials",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "credential",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("tenant", "vendor"),
                        name="credential_one_active",
                        violation_error_message="This tenant already has an active credential for this vendor.",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AccountMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("requested_by", models.CharField(blank=True, max_length=255)),
                ("moved_transactions", models.PositiveIntegerField(default=0)),
                ("changes", models.JSONField(default=dict)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kept_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.aggregationaccount",
                    ),
                ),
                (
                    "merged_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.aggregationaccount",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="integration_tenant__e283f0_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="integration_tenant__afc462_idx",
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__e321e3_idx"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("merged_account",),
                        name="account_merged_once",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AggregationSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(default="mx", max_length=32)),
                (
                    "create_vendor_user_automatically",
                    models.BooleanField(
                        default=False, verbose_name="create a vendor user for every new customer"
                    ),
                ),
                (
                    "retrieve_automatically",
                    models.BooleanField(
                        default=True,
                        verbose_name="Automatically retrieve the latest balance, transactions and holdings after initial Aggregation Account creation",
                    ),
                ),
                (
                    "history_days",
                    models.PositiveIntegerField(
                        default=90,
                        help_text="Later retrievals go back to the last complete one, 90 days at least.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="days of transactions on first retrieval",
                    ),
                ),
                (
                    "add_new_accounts",
                    models.BooleanField(
                        default=True,
                        help_text="Accounts that the tenant has disconnected are not connected again.",
                        verbose_name="connect new accounts of a connection automatically",
                    ),
                ),
                (
                    "adopt_connections",
                    models.BooleanField(
                        default=True,
                        help_text="For example because the page was closed before the widget's success callback.",
                        verbose_name="connect what a person linked and the app did not report",
                    ),
                ),
                (
                    "deep_read_days",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="Finds corrections that are older than the usual window. 0: never.",
                        validators=[django.core.validators.MaxValueValidator(3650)],
                        verbose_name="days between reads of all transactions",
                    ),
                ),
                (
                    "retrieve_holdings",
                    models.BooleanField(
                        default=True,
                        help_text="MX Platform bills each user whose holdings are read. Off: the gateway ends that billing at MX, nothing more is read, and stored holdings stay as they are.",
                    ),
                ),
                (
                    "webhook_path",
                    models.CharField(
                        default=integrations.models.settings.new_webhook_path,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                (
                    "webhook_user",
                    models.CharField(blank=True, max_length=255, verbose_name="Webhook User"),
                ),
                (
                    "webhook_secret",
                    nucleus.encryption.EncryptedTextField(
                        blank=True, default="", verbose_name="Webhook Secret"
                    ),
                ),
                (
                    "previous_webhook_user",
                    models.CharField(blank=True, editable=False, max_length=255),
                ),
                (
                    "previous_webhook_secret",
                    nucleus.encryption.EncryptedTextField(blank=True, default="", editable=False),
                ),
                (
                    "previous_webhook_until",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="aggregation_settings",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "aggregation settings",
                "verbose_name_plural": "aggregation settings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant",), name="aggregation_settings_per_tenant"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AsyncTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("integration_type", models.CharField(max_length=32)),
                ("service", models.CharField(max_length=32)),
                ("is_refresh", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("COMPLETED", "Completed"),
                            ("FAILED", "Failed"),
                        ],
                        default="PENDING",
                        max_length=16,
                    ),
                ),
                ("job_ids", models.JSONField(default=list)),
                ("response", models.JSONField(default=dict)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.client",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__988898_idx"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AuditLog",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(blank=True, max_length=32)),
                ("operation", models.CharField(max_length=64)),
                ("method", models.CharField(max_length=8)),
                ("path_template", models.CharField(max_length=255, verbose_name="path")),
                ("attempt", models.PositiveIntegerField(default=1)),
                (
                    "status",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="HTTP status"),
                ),
                ("duration_ms", models.PositiveIntegerField(verbose_name="milliseconds")),
                ("error", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("integration_type", models.CharField(blank=True, max_length=16)),
                (
                    "client_id",
                    models.UUIDField(blank=True, null=True, verbose_name="customer's id"),
                ),
                (
                    "aggregation_account_id",
                    models.UUIDField(blank=True, null=True, verbose_name="account's id"),
                ),
                ("summary", models.JSONField(blank=True, default=dict)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "vendor call",
                "indexes": [
                    models.Index(fields=["tenant", "-update_date", "id"], name="audit_of_tenant"),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="integration_tenant__8d7007_idx",
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__7aad01_idx"
                    ),
                    models.Index(fields=["request_id"], name="audit_of_request"),
                    models.Index(
                        condition=models.Q(("client_id__isnull", False)),
                        fields=["tenant", "client_id", "-update_date"],
                        name="audit_of_client",
                    ),
                    models.Index(
                        condition=models.Q(("aggregation_account_id__isnull", False)),
                        fields=["aggregation_account_id", "-update_date"],
                        name="audit_of_account",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CredentialHealth",
            fields=[
                (
                    "credential",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="integrations.vendorcredential",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("working", "Working"),
                            ("failing", "Failing"),
                            ("limited", "Limited"),
                            ("refused", "Credential refused"),
                        ],
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("anyone_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "credential health",
                "verbose_name_plural": "credential health",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("anyone_at", None),
                                ("failures", 0),
                                ("retry_at", None),
                                ("state", "working"),
                            ),
                            models.Q(("failures__gt", 0), ("state", "failing")),
                            models.Q(
                                ("failures", 0), ("retry_at__isnull", False), ("state", "limited")
                            ),
                            models.Q(
                                ("anyone_at", None),
                                ("failures", 0),
                                ("retry_at__isnull", False),
                                ("state", "refused"),
                            ),
                            _connector="OR",
                        ),
                        name="health_one_cause",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiMove",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(max_length=32)),
                ("from_name", models.CharField(max_length=255, verbose_name="from")),
                ("to_name", models.CharField(max_length=255, verbose_name="to")),
                (
                    "is_new_client",
                    models.BooleanField(default=False, verbose_name="new client of MX"),
                ),
                ("requested_by", models.CharField(max_length=255)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "from_credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.vendorcredential",
                    ),
                ),
                (
                    "to_credential",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="integrations.vendorcredential",
                    ),
                ),
            ],
            options={
                "verbose_name": "API move",
                "indexes": [
                    models.Index(
                        fields=["tenant", "vendor", "-create_date"],
                        name="integration_tenant__12227e_idx",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Diagnosis",
            fields=[
                ("scope", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("findings", models.JSONField(default=list)),
                ("to_fix", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, default="", max_length=150)),
                (
                    "tenant",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="diagnosis",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "diagnoses",
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("client_id", models.UUIDField(verbose_name="customer's id")),
                ("requested_by", models.CharField(max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("pending", "Under way"),
                            ("erased", "Erased here and at the vendor"),
                            (
                                "left_at_vendor",
                                "Erased here; the vendor's user has to be deleted there",
                            ),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=255)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(blank=True, default=dict, verbose_name="deleted rows")),
                (
                    "vendor_users",
                    models.JSONField(
                        blank=True,
                        default=list,
                        verbose_name="users still to be deleted at the vendor",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__421159_idx"
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__d39786_idx"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "client_id"), name="erasure_once_per_client"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="InboundWebhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(max_length=32)),
                (
                    "kind",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="vendor's name of the event"
                    ),
                ),
                (
                    "vendor_member_id",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="connection's id at the vendor"
                    ),
                ),
                (
                    "vendor_user_id",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="user's id at the vendor"
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=255)),
                ("revision", models.BigIntegerField(default=0)),
                ("body", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Waiting for its job"),
                            ("handled", "Handled"),
                            ("early", "Too early: not linked here"),
                            ("gone", "About a connection that is gone"),
                            ("quarantined", "Kept, not understood"),
                            ("test", "Test"),
                        ],
                        default="received",
                        max_length=16,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=255)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "inbound webhook",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__92d80d_idx"
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__881902_idx"
                    ),
                    models.Index(
                        condition=models.Q(("state", "quarantined")),
                        fields=["-create_date", "-id"],
                        name="inbox_quarantined",
                    ),
                    models.Index(
                        condition=models.Q(("state", "received")),
                        fields=["tenant", "vendor_member_id"],
                        name="inbox_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("subject", ""), _negated=True),
                        fields=["tenant", "subject"],
                        name="inbox_subject",
                    ),
                    models.Index(
                        condition=models.Q(("vendor_user_id", ""), _negated=True),
                        fields=["vendor_user_id", "-create_date"],
                        name="inbox_of_user",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("kind", models.CharField(max_length=64)),
                ("payload", models.JSONField(default=dict)),
                ("lock_key", models.CharField(blank=True, max_length=255, null=True)),
                ("pending_key", models.CharField(blank=True, max_length=255, null=True)),
                ("slot_group", models.CharField(blank=True, max_length=64, null=True)),
                ("slot", models.CharField(blank=True, max_length=72, null=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("dead", "Failed for good"),
                            ("merged", "Joined with another job"),
                            ("canceled", "Canceled"),
                        ],
                        default="ready",
                        max_length=8,
                    ),
                ),
                ("run_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("max_attempts", models.PositiveIntegerField(default=5)),
                ("token", models.BigIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("postponed_by", models.CharField(blank=True, default="", max_length=32)),
                ("progress", models.JSONField(blank=True, default=dict)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "ready")),
                        fields=["run_at", "id"],
                        name="job_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "ready")),
                        fields=["slot_group", "run_at"],
                        name="job_due_in_group",
                    ),
                    models.Index(
                        condition=models.Q(("state", "ready")),
                        fields=["tenant", "kind", "run_at", "id"],
                        name="job_of_tenant",
                    ),
                    models.Index(
                        condition=models.Q(("state", "running")),
                        fields=["lease_until"],
                        name="job_lapsed",
                    ),
                    models.Index(
                        condition=models.Q(("state", "running")),
                        fields=["slot_group"],
                        name="job_slots_in_use",
                    ),
                    models.Index(fields=["finished_at"], name="job_finished"),
                    models.Index(
                        condition=models.Q(("lock_key__isnull", False)),
                        fields=["lock_key", "state"],
                        name="job_by_lock_key",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__711f95_idx"
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__d26a6b_idx"
                    ),
                    models.Index(
                        condition=models.Q(("state", "dead")),
                        fields=["-create_date", "-id"],
                        name="job_dead",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("lock_key",),
                        name="job_one_running_per_key",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("slot",),
                        name="job_one_running_per_slot",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ready")),
                        fields=("pending_key",),
                        name="job_one_ready_per_key",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                (
                    "vendor_member_id",
                    models.CharField(max_length=255, verbose_name="id at the vendor"),
                ),
                (
                    "secret",
                    nucleus.encryption.EncryptedTextField(blank=True, default="", editable=False),
                ),
                ("name", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "connection_status",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="status at the vendor"
                    ),
                ),
                (
                    "connection_message",
                    models.TextField(blank=True, verbose_name="message to the customer"),
                ),
                ("actor", models.CharField(blank=True, max_length=16, verbose_name="who must act")),
                ("next_step", models.CharField(blank=True, max_length=16)),
                (
                    "is_aggregating",
                    models.BooleanField(default=False, verbose_name="import running"),
                ),
                (
                    "aggregated_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last import tried"),
                ),
                (
                    "successfully_aggregated_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last import"),
                ),
                ("is_refreshed_by_vendor", models.BooleanField(default=True, editable=False)),
                ("declines_imports", models.BooleanField(default=False, editable=False)),
                ("awaits_accounts", models.BooleanField(default=False, editable=False)),
                (
                    "broken_since",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="needs a repair since"
                    ),
                ),
                (
                    "next_sync_at",
                    models.DateTimeField(
                        blank=True, db_index=True, null=True, verbose_name="next check"
                    ),
                ),
                (
                    "synced_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last read by us"),
                ),
                (
                    "synced_through",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="read up to the import of"
                    ),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last checked by us"),
                ),
                (
                    "history_extended_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                ("history_refused_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "read_problem",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=255,
                        verbose_name="why the last read failed",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="nucleus.institution",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "connection",
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AccountLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(max_length=32)),
                (
                    "vendor_member_id",
                    models.CharField(max_length=255, verbose_name="connection's id at the vendor"),
                ),
                (
                    "vendor_account_id",
                    models.CharField(max_length=255, verbose_name="account's id at the vendor"),
                ),
                ("generation", models.PositiveSmallIntegerField(default=1)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("disconnected", "disconnected by the tenant"),
                            ("connection_deleted", "the tenant deleted the connection"),
                            ("account_missing", "the vendor no longer has the account"),
                            ("connection_missing", "the vendor no longer has the connection"),
                            ("replaced", "continued by another account of the vendor"),
                            ("merged", "merged into another aggregation account"),
                        ],
                        max_length=32,
                    ),
                ),
                ("can_verify", models.BooleanField(default=False, verbose_name="can be verified")),
                (
                    "transactions_retrieved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="transactions read"),
                ),
                (
                    "history_retrieved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="whole history read"),
                ),
                ("rejected_items", models.JSONField(blank=True, default=list)),
                ("listed_as", models.JSONField(blank=True, default=dict)),
                ("withheld_removals", models.PositiveIntegerField(default=0)),
                (
                    "aggregation_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="nucleus.aggregationaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="account_links",
                        to="integrations.member",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "vendor", "vendor_account_id"],
                        name="integration_tenant__7fbee3_idx",
                    ),
                    models.Index(fields=["vendor_account_id"], name="link_by_id"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("member", "vendor_account_id"),
                        name="account_linked_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("aggregation_account",),
                        name="account_has_one_link",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="MergedEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("transaction", "Transaction"), ("holding", "Holding")],
                        max_length=16,
                    ),
                ),
                ("entry_id", models.UUIDField()),
                ("of_merged_account", models.BooleanField()),
                ("source_id", models.CharField(blank=True, max_length=255, null=True)),
                ("source_updated_at", models.DateTimeField(blank=True, null=True)),
                ("source_generation", models.PositiveSmallIntegerField()),
                ("is_active", models.BooleanField()),
                (
                    "merge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="integrations.accountmerge",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OutboundEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("type", models.CharField(max_length=64)),
                ("payload", models.TextField()),
                ("owner_id", models.UUIDField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__e5b4a6_idx"
                    ),
                    models.Index(
                        condition=models.Q(("owner_id__isnull", False)),
                        fields=["owner_id", "-create_date"],
                        name="event_of_owner",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="PossibleDuplicate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("reason", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Undecided"),
                            ("merged", "Merged"),
                            ("dismissed", "Different accounts"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                (
                    "aggregation_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.aggregationaccount",
                        verbose_name="account linked later",
                    ),
                ),
                (
                    "other_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.aggregationaccount",
                        verbose_name="account linked earlier",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="integration_tenant__3adef0_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="integration_tenant__e7d0f6_idx",
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__1b6319_idx"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("aggregation_account", "other_account"),
                        name="possible_duplicate_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("aggregation_account", models.F("other_account")), _negated=True
                        ),
                        name="possible_duplicate_of_another",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="VendorUser",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(max_length=32)),
                (
                    "identifier",
                    models.CharField(max_length=200, verbose_name="our name for it at the vendor"),
                ),
                (
                    "vendor_user_id",
                    models.CharField(
                        blank=True, max_length=255, null=True, verbose_name="id at the vendor"
                    ),
                ),
                (
                    "missing_vendor_user_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=255,
                        null=True,
                        verbose_name="former id at the vendor",
                    ),
                ),
                (
                    "disabled_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="disabled by us at"
                    ),
                ),
                (
                    "activity_checked_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "holdings_check_at",
                    models.DateTimeField(blank=True, db_index=True, editable=False, null=True),
                ),
                (
                    "last_widget_mode",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=16,
                        verbose_name="purpose of the last widget link",
                    ),
                ),
                (
                    "last_widget_declines_imports",
                    models.BooleanField(default=False, editable=False),
                ),
                (
                    "business",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vendor_users",
                        to="nucleus.business",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vendor_users",
                        to="nucleus.client",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["vendor_user_id"], name="vendor_user_by_id")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "client", "vendor"), name="vendor_user_per_client"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "business", "vendor"), name="vendor_user_per_business"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "vendor", "vendor_user_id"), name="vendor_user_id_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("business__isnull", True), ("client__isnull", False)),
                            models.Q(("business__isnull", False), ("client__isnull", True)),
                            _connector="OR",
                        ),
                        name="vendor_user_has_one_owner",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="member",
            name="vendor_user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="integrations.vendoruser",
                verbose_name="user at the vendor",
            ),
        ),
        migrations.CreateModel(
            name="DeletedAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor_account_id", models.CharField(max_length=255)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "vendor_user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deleted_accounts",
                        to="integrations.vendoruser",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("vendor_user", "vendor_account_id"), name="account_deleted_once"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="VerificationSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor", models.CharField(default="mx", max_length=32)),
                (
                    "include_identity",
                    models.BooleanField(
                        default=False,
                        help_text="Then the widget offers only institutions that also support identification.",
                        verbose_name="ask the bank for the account holder's name",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "verification settings",
                "verbose_name_plural": "verification settings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant",), name="verification_settings_per_tenant"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="VerifiedLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("vendor_account_id", models.CharField(max_length=255)),
                ("listed_mask", models.CharField(blank=True, default="", max_length=4)),
                (
                    "bank_link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="link",
                        to="nucleus.banklink",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verified_links",
                        to="integrations.member",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["member", "vendor_account_id"],
                        name="integration_member__b450ab_idx",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="WebhookSubscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                (
                    "api",
                    models.CharField(
                        choices=[("integration", "Integration"), ("nucleus", "Nucleus")],
                        default="integration",
                        max_length=16,
                        verbose_name="API",
                    ),
                ),
                ("url", models.CharField(max_length=2000, verbose_name="URL")),
                ("integration_service", models.JSONField(default=list)),
                ("atom_service", models.JSONField(default=list)),
                ("extended_events", models.JSONField(default=list)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "secret",
                    nucleus.encryption.EncryptedTextField(
                        default=integrations.models.outbound_webhooks.new_secret
                    ),
                ),
                ("previous_secret", nucleus.encryption.EncryptedTextField(blank=True, default="")),
                ("previous_secret_until", models.DateTimeField(blank=True, null=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="integration_tenant__8c742a_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="integration_tenant__0f3635_idx",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("failed", "Given up"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("attempts", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="integrations.outboundevent",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="integrations.webhooksubscription",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-create_date"], name="integration_tenant__b60233_idx"
                    ),
                    models.Index(
                        fields=["-create_date", "-id"], name="integration_create__8716e6_idx"
                    ),
                    models.Index(
                        condition=models.Q(("state", "failed")),
                        fields=["-create_date", "-id"],
                        name="delivery_failed",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "subscription"), name="delivered_once_per_url"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="integration_tenant__51a759_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="integration_tenant__ae3c39_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["vendor_member_id"], name="member_by_id"),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["-create_date", "-id"], name="member_newest"),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                fields=("vendor_user", "vendor_member_id"), name="member_once_per_user"
            ),
        ),
    ]
