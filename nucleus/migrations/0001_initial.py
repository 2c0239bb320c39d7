import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import nucleus.encryption
import nucleus.models.base


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "__first__"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Business",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "email",
                    models.CharField(blank=True, max_length=255, null=True, verbose_name="e-mail"),
                ),
                ("phone_number", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "identification_number",
                    nucleus.encryption.EncryptedTextField(blank=True, null=True),
                ),
                (
                    "identification_number_type",
                    models.CharField(blank=True, max_length=64, null=True),
                ),
                ("status", models.CharField(blank=True, max_length=64, null=True)),
                ("address", models.JSONField(blank=True, default=list)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "is_verified",
                    models.BooleanField(default=False, verbose_name="identity verified"),
                ),
                ("legal_name", models.CharField(max_length=255)),
                (
                    "dba_name",
                    models.CharField(
                        blank=True, max_length=255, null=True, verbose_name="doing business as"
                    ),
                ),
                ("legal_structure", models.CharField(blank=True, max_length=255, null=True)),
                ("category", models.CharField(blank=True, max_length=255, null=True)),
                ("subcategory", models.CharField(blank=True, max_length=255, null=True)),
                ("incorporation_country", models.CharField(blank=True, max_length=64, null=True)),
                ("incorporation_state", models.CharField(blank=True, max_length=64, null=True)),
                ("incorporation_date", models.DateField(blank=True, null=True)),
                ("website", models.CharField(blank=True, max_length=2000, null=True)),
                ("ticker", models.CharField(blank=True, max_length=64, null=True)),
                ("ownership", models.JSONField(blank=True, default=list)),
                ("is_public", models.BooleanField(default=False, verbose_name="publicly traded")),
            ],
            options={
                "verbose_name_plural": "businesses",
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Institution",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=32)),
                ("name", models.CharField(max_length=255)),
                ("code", models.CharField(blank=True, max_length=255, null=True)),
                ("website_url", models.CharField(blank=True, max_length=2000, null=True)),
                ("logo_url_small", models.CharField(blank=True, max_length=2000, null=True)),
                ("logo_url_medium", models.CharField(blank=True, max_length=2000, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("slug", models.SlugField(max_length=63, unique=True, verbose_name="short name")),
                ("name", models.CharField(max_length=255)),
                (
                    "currency_code",
                    models.CharField(
                        default="USD",
                        help_text="Used where a vendor sends no currency.",
                        max_length=3,
                        verbose_name="currency",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "email",
                    models.CharField(blank=True, max_length=255, null=True, verbose_name="e-mail"),
                ),
                ("phone_number", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "identification_number",
                    nucleus.encryption.EncryptedTextField(blank=True, null=True),
                ),
                (
                    "identification_number_type",
                    models.CharField(blank=True, max_length=64, null=True),
                ),
                ("status", models.CharField(blank=True, max_length=64, null=True)),
                ("address", models.JSONField(blank=True, default=list)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "is_verified",
                    models.BooleanField(default=False, verbose_name="identity verified"),
                ),
                ("username", models.CharField(max_length=255, verbose_name="user name")),
                ("username_key", models.CharField(editable=False, max_length=255)),
                ("shares_username_key", models.BooleanField(default=False, editable=False)),
                ("client_type", models.CharField(max_length=64, verbose_name="type")),
                ("password", models.CharField(blank=True, max_length=255)),
                ("first_name", models.CharField(blank=True, max_length=255, null=True)),
                ("middle_name", models.CharField(blank=True, max_length=255, null=True)),
                ("last_name", models.CharField(blank=True, max_length=255, null=True)),
                ("title", models.CharField(blank=True, max_length=64, null=True)),
                ("suffix", models.CharField(blank=True, max_length=64, null=True)),
                ("gender", models.CharField(blank=True, max_length=64, null=True)),
                ("date_of_birth", models.DateField(blank=True, null=True)),
                ("citizenship_status", models.CharField(blank=True, max_length=64, null=True)),
                ("country_of_citizenship", models.JSONField(blank=True, default=list)),
                ("country_of_residence", models.CharField(blank=True, max_length=64, null=True)),
                ("firm_name", models.CharField(blank=True, max_length=255, null=True)),
                ("firm_type", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "hydro_id",
                    models.CharField(
                        blank=True, max_length=255, null=True, verbose_name="Hydro id"
                    ),
                ),
                ("image", models.CharField(blank=True, max_length=2000, null=True)),
                ("authorities", models.JSONField(blank=True, default=list)),
                ("group", models.JSONField(blank=True, default=list)),
                ("employment", models.JSONField(blank=True, null=True)),
                ("income", models.BigIntegerField(blank=True, null=True)),
                (
                    "liquid_net_worth",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "total_net_worth",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                ("erase_requested_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "business",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="clients",
                        to="nucleus.business",
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
                "verbose_name": "customer",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_cli_tenant__d7d9c3_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_cli_tenant__744066_idx",
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="client_secondary_id",
                    ),
                    models.Index(
                        condition=models.Q(("email__isnull", False)),
                        fields=["tenant", "email"],
                        name="client_email",
                    ),
                    models.Index(fields=["tenant", "username_key"], name="client_username_key"),
                    models.Index(
                        django.db.models.functions.text.Lower("last_name"), name="client_last_name"
                    ),
                    models.Index(
                        django.db.models.functions.text.Lower("first_name"),
                        name="client_first_name",
                    ),
                    models.Index(
                        django.db.models.functions.text.Lower("email"), name="client_email_any_case"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "username"), name="client_username_unique"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("shares_username_key", False)),
                        fields=("tenant", "username_key"),
                        name="client_username_key_unique",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="BankLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "account_id",
                    models.UUIDField(
                        blank=True, null=True, verbose_name="id of the account that it pays"
                    ),
                ),
                (
                    "bank_account_holder",
                    models.CharField(max_length=255, verbose_name="account holder"),
                ),
                ("bank_account_number", nucleus.encryption.EncryptedTextField()),
                ("routing", nucleus.encryption.EncryptedTextField()),
                ("routing_wire", nucleus.encryption.EncryptedTextField(blank=True, null=True)),
                ("institution_name", models.CharField(max_length=255, verbose_name="bank")),
                (
                    "bank_account_name",
                    models.CharField(blank=True, max_length=255, null=True, verbose_name="account"),
                ),
                ("type", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "mask",
                    models.CharField(
                        blank=True, max_length=4, null=True, verbose_name="last digits"
                    ),
                ),
                (
                    "currency_code",
                    models.CharField(blank=True, max_length=16, null=True, verbose_name="currency"),
                ),
                (
                    "balance",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "available_balance",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                ("is_link_verified", models.BooleanField(default=False, verbose_name="verified")),
                (
                    "link_verified_date",
                    models.DateField(blank=True, null=True, verbose_name="verified on"),
                ),
                (
                    "unverified_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("account_closed", "the bank has closed the account"),
                            ("account_missing", "the vendor no longer has the account"),
                            ("connection_missing", "the vendor no longer has the connection"),
                            ("connection_deleted", "the tenant deleted the connection"),
                            ("disconnected", "disconnected by the tenant"),
                            ("number_replaced", "the bank has replaced the number"),
                            ("number_invalid", "the vendor's check of the number failed"),
                        ],
                        help_text="Why the link is not verified any more; not set if it is, or never was.",
                        max_length=32,
                        null=True,
                        verbose_name="why not verified",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bank_links",
                        to="nucleus.business",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bank_links",
                        to="nucleus.client",
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
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_ban_tenant__176a23_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_ban_tenant__ca18de_idx",
                    ),
                    models.Index(
                        fields=["client", "-update_date"], name="nucleus_ban_client__548cfd_idx"
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="bank_link_secondary_id",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("client__isnull", False), ("business__isnull", False), _connector="OR"
                        ),
                        name="bank_link_has_owner",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AggregationAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("account_name", models.CharField(max_length=255, verbose_name="account")),
                ("institution_name", models.CharField(max_length=255, verbose_name="bank")),
                ("category", models.CharField(max_length=255)),
                ("subcategory", models.CharField(blank=True, max_length=255, null=True)),
                ("account_holder", models.CharField(blank=True, max_length=255, null=True)),
                ("account_number", nucleus.encryption.EncryptedTextField(blank=True, null=True)),
                (
                    "mask",
                    models.CharField(
                        blank=True, max_length=4, null=True, verbose_name="last digits"
                    ),
                ),
                (
                    "currency_code",
                    models.CharField(blank=True, max_length=16, null=True, verbose_name="currency"),
                ),
                (
                    "account_category_id",
                    models.UUIDField(blank=True, null=True, verbose_name="category's id"),
                ),
                (
                    "financial_offer_id",
                    models.UUIDField(blank=True, null=True, verbose_name="financial offer's id"),
                ),
                (
                    "apr",
                    nucleus.models.base.MoneyField(
                        blank=True,
                        decimal_places=8,
                        max_digits=24,
                        null=True,
                        verbose_name="annual percentage rate (APR)",
                    ),
                ),
                (
                    "apy",
                    nucleus.models.base.MoneyField(
                        blank=True,
                        decimal_places=8,
                        max_digits=24,
                        null=True,
                        verbose_name="annual percentage yield (APY)",
                    ),
                ),
                (
                    "interest_rate",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "credit_limit",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "last_payment",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "minimum_payment",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "death_benefit",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                ("last_payment_date", models.DateTimeField(blank=True, null=True)),
                ("next_payment_date", models.DateTimeField(blank=True, null=True)),
                ("maturity_date", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("is_manual", models.BooleanField(default=False, verbose_name="entered by hand")),
                (
                    "is_link_verified",
                    models.BooleanField(default=False, verbose_name="has a verified bank link"),
                ),
                ("is_asset", models.BooleanField(default=True, verbose_name="asset")),
                (
                    "is_classified",
                    models.BooleanField(default=True, editable=False, verbose_name="known type"),
                ),
                (
                    "is_business",
                    models.BooleanField(default=False, verbose_name="business account"),
                ),
                ("is_cash", models.BooleanField(default=False, verbose_name="cash")),
                ("is_investment", models.BooleanField(default=False, verbose_name="investment")),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nucleus.aggregationaccount",
                    ),
                ),
                (
                    "bank_link",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="nucleus.banklink",
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aggregation_accounts",
                        to="nucleus.business",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aggregation_accounts",
                        to="nucleus.client",
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
                "verbose_name": "account",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_agg_tenant__758d29_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_agg_tenant__b4c081_idx",
                    ),
                    models.Index(
                        fields=["client", "-update_date"], name="nucleus_agg_client__cc671c_idx"
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="account_secondary_id",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("client__isnull", False), ("business__isnull", False), _connector="OR"
                        ),
                        name="account_has_owner",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Merchant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("source", models.CharField(editable=False, max_length=32)),
                ("source_id", models.CharField(editable=False, max_length=255)),
                ("name", models.CharField(max_length=255)),
                ("logo_url", models.CharField(blank=True, max_length=2000, null=True)),
                ("website_url", models.CharField(blank=True, max_length=2000, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["-create_date", "id"], name="nucleus_mer_create__a87cfb_idx"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "source_id"), name="merchant_once_per_source"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MerchantLocation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("source", models.CharField(editable=False, max_length=32)),
                ("source_id", models.CharField(editable=False, max_length=255)),
                ("address_line1", models.CharField(blank=True, max_length=255, null=True)),
                ("city", models.CharField(blank=True, max_length=255, null=True)),
                ("state", models.CharField(blank=True, max_length=255, null=True)),
                ("postalcode", models.CharField(blank=True, max_length=64, null=True)),
                ("country", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "latitude",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "longitude",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "source_id"), name="merchant_location_once_per_source"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("all_tenants", models.BooleanField(default=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_access",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenants",
                    models.ManyToManyField(blank=True, related_name="+", to="nucleus.tenant"),
                ),
            ],
            options={
                "permissions": [
                    ("reveal_numbers", "Can reveal account and routing numbers"),
                    ("export_data", "Can export data as files"),
                ],
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="institution",
            name="tenant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="nucleus.tenant",
            ),
        ),
        migrations.CreateModel(
            name="CurrencyRate",
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
                    "currency_code_from",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use an ISO 4217 code such as EUR."
                            )
                        ],
                        verbose_name="from",
                    ),
                ),
                (
                    "currency_code_to",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z", "Use an ISO 4217 code such as EUR."
                            )
                        ],
                        verbose_name="to",
                    ),
                ),
                (
                    "exchange_rate",
                    models.DecimalField(
                        decimal_places=10,
                        max_digits=18,
                        validators=[django.core.validators.MinValueValidator(Decimal("1E-10"))],
                    ),
                ),
                ("date", models.DateField()),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "currency_code_from", "currency_code_to"),
                        name="currency_rate_unique",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="business",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="nucleus.tenant"
            ),
        ),
        migrations.CreateModel(
            name="BulkTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("entity_uri", models.CharField(max_length=64)),
                ("operation", models.CharField(max_length=16)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("COMPLETED", "All items were done"),
                            ("PARTIAL", "Some items were done"),
                            ("FAILED", "No item was done"),
                        ],
                        max_length=16,
                    ),
                ),
                ("success", models.JSONField(blank=True, default=list)),
                ("error", models.JSONField(blank=True, default=list)),
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
                    models.Index(fields=["create_date"], name="nucleus_bul_create__0eaac1_idx")
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
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("request_url", models.CharField(max_length=2000)),
                ("request", models.TextField(blank=True, null=True)),
                ("response", models.TextField()),
                ("account_ids", models.JSONField(blank=True, default=list)),
                ("aggregation_account_ids", models.JSONField(blank=True, default=list)),
                ("allocation_ids", models.JSONField(blank=True, default=list)),
                ("client_ids", models.JSONField(blank=True, default=list)),
                ("goal_ids", models.JSONField(blank=True, default=list)),
                ("model_ids", models.JSONField(blank=True, default=list)),
                ("portfolio_ids", models.JSONField(blank=True, default=list)),
                ("security_ids", models.JSONField(blank=True, default=list)),
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
                    models.Index(fields=["tenant", "-update_date", "id"], name="trail_of_tenant"),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_aud_tenant__6eeb85_idx",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AggregationAccountTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("currency_code", models.CharField(max_length=16, verbose_name="currency")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "source_id",
                    models.CharField(blank=True, editable=False, max_length=255, null=True),
                ),
                ("source_updated_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("source_generation", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("transaction_date", models.DateTimeField()),
                ("booking_date", models.DateField(blank=True, null=True)),
                ("status", models.CharField(blank=True, max_length=32, null=True)),
                (
                    "amount",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                ("transaction_type", models.CharField(blank=True, max_length=32, null=True)),
                ("category", models.CharField(blank=True, max_length=255, null=True)),
                ("subcategory", models.CharField(blank=True, max_length=255, null=True)),
                ("description", models.TextField(blank=True, null=True)),
                ("memo", models.TextField(blank=True, null=True)),
                ("merchant", models.CharField(blank=True, max_length=255, null=True)),
                ("merchant_id", models.UUIDField(blank=True, null=True)),
                ("transaction_category_id", models.UUIDField(blank=True, null=True)),
                ("source_category_id", models.UUIDField(blank=True, editable=False, null=True)),
                ("location", models.JSONField(blank=True, null=True)),
                ("cash", models.JSONField(blank=True, null=True)),
                ("investment", models.JSONField(blank=True, null=True)),
                ("is_recurring", models.BooleanField(default=False, verbose_name="recurring")),
                (
                    "is_excluded_analysis",
                    models.BooleanField(default=False, verbose_name="excluded from analyses"),
                ),
                ("is_fee", models.BooleanField(default=False, verbose_name="fee")),
                ("is_transfer", models.BooleanField(default=False, verbose_name="transfer")),
                (
                    "aggregation_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)s_set",
                        to="nucleus.aggregationaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "transaction",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_agg_tenant__66a1d3_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_agg_tenant__8be73a_idx",
                    ),
                    models.Index(
                        fields=["aggregation_account", "-update_date", "id"],
                        name="nucleus_agg_aggrega_9246ab_idx",
                    ),
                    models.Index(
                        fields=["aggregation_account", "-transaction_date"],
                        name="nucleus_agg_aggrega_6eb478_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-transaction_date", "id"],
                        name="nucleus_agg_tenant__57ac7c_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-booking_date", "id"],
                        name="nucleus_agg_tenant__fb42cc_idx",
                    ),
                    models.Index(
                        fields=["tenant", "category", "-update_date", "id"],
                        name="nucleus_agg_tenant__f6221a_idx",
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="transaction_secondary_id",
                    ),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["tenant", "-update_date", "id"],
                        name="transaction_pending",
                    ),
                    models.Index(
                        condition=models.Q(("merchant_id__isnull", False)),
                        fields=["tenant", "merchant_id", "-update_date", "id"],
                        name="transaction_of_merchant",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("source_id__isnull", False),
                            models.Q(
                                models.Q(
                                    ("transaction_type__in", ("Credit", "Debit")), _negated=True
                                ),
                                models.Q(
                                    ("status__in", ("posted", "pending", "canceled")), _negated=True
                                ),
                                _connector="OR",
                            ),
                        ),
                        fields=["transaction_type", "status"],
                        name="transaction_unknown_values",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("aggregation_account", "source_id"),
                        name="transaction_source_unique",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AggregationAccountHolding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("currency_code", models.CharField(max_length=16, verbose_name="currency")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "source_id",
                    models.CharField(blank=True, editable=False, max_length=255, null=True),
                ),
                ("source_updated_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("source_generation", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("shares", nucleus.models.base.MoneyField(decimal_places=8, max_digits=24)),
                ("ticker", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "ticker_name",
                    models.CharField(blank=True, max_length=255, null=True, verbose_name="name"),
                ),
                (
                    "cusip",
                    models.CharField(blank=True, max_length=64, null=True, verbose_name="CUSIP"),
                ),
                (
                    "isin",
                    models.CharField(blank=True, max_length=64, null=True, verbose_name="ISIN"),
                ),
                ("exchange", models.CharField(blank=True, max_length=64, null=True)),
                ("asset_class", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "holding_type",
                    models.CharField(blank=True, max_length=64, null=True, verbose_name="type"),
                ),
                (
                    "amount",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "price",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "cost_basis",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                ("holding_date", models.DateTimeField(blank=True, null=True)),
                (
                    "aggregation_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)s_set",
                        to="nucleus.aggregationaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "holding",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_agg_tenant__d36fbb_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_agg_tenant__bd20b6_idx",
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="holding_secondary_id",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("aggregation_account", "source_id"), name="holding_source_unique"
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AggregationAccountBalance",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("create_date", models.DateTimeField(auto_now_add=True)),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("secondary_id", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("currency_code", models.CharField(max_length=16, verbose_name="currency")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("balance_time_stamp", models.DateTimeField()),
                (
                    "balance",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "available_balance",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "available_credit",
                    nucleus.models.base.MoneyField(
                        blank=True, decimal_places=8, max_digits=24, null=True
                    ),
                ),
                (
                    "aggregation_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)s_set",
                        to="nucleus.aggregationaccount",
                        verbose_name="account",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "balance",
                "indexes": [
                    models.Index(
                        fields=["tenant", "-update_date", "id"],
                        name="nucleus_agg_tenant__ec432d_idx",
                    ),
                    models.Index(
                        fields=["tenant", "-create_date", "id"],
                        name="nucleus_agg_tenant__4981e4_idx",
                    ),
                    models.Index(
                        fields=["aggregation_account", "-balance_time_stamp"],
                        name="nucleus_agg_aggrega_0584a0_idx",
                    ),
                    models.Index(
                        condition=models.Q(("secondary_id__isnull", False)),
                        fields=["tenant", "secondary_id"],
                        name="balance_secondary_id",
                    ),
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="StaffAction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("update_date", models.DateTimeField(auto_now=True)),
                ("create_date", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("log_in", "Log-in"),
                            ("add", "Added"),
                            ("change", "Changed"),
                            ("delete", "Deleted"),
                            ("action", "Action"),
                            ("reveal", "Revealed"),
                            ("export", "Exported"),
                        ],
                        max_length=16,
                        verbose_name="what",
                    ),
                ),
                ("object_id", models.CharField(blank=True, default="", max_length=255)),
                ("object_name", models.CharField(blank=True, default="", max_length=200)),
                ("message", models.TextField(blank=True, default="")),
                ("changes", models.JSONField(default=list)),
                (
                    "content_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="nucleus.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "who did what",
                "verbose_name_plural": "who did what",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-create_date", "id"], name="staff_action_newest"),
                    models.Index(
                        fields=["tenant", "-create_date", "id"], name="staff_action_of_tenant"
                    ),
                    models.Index(
                        fields=["user", "-create_date", "id"], name="staff_action_of_user"
                    ),
                    models.Index(
                        fields=["content_type", "object_id"], name="staff_action_on_object"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="institution",
            index=models.Index(
                fields=["-update_date", "id"], name="nucleus_ins_update__09806e_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="institution",
            index=models.Index(
                fields=["-create_date", "id"], name="nucleus_ins_create__b847f7_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.UniqueConstraint(
                condition=models.Q(("tenant__isnull", True)),
                fields=("source", "code"),
                name="institution_code_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.UniqueConstraint(
                fields=("tenant", "code"), name="institution_code_unique_in_tenant"
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                fields=["tenant", "-update_date", "id"], name="nucleus_bus_tenant__16330d_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_bus_tenant__053c53_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                condition=models.Q(("secondary_id__isnull", False)),
                fields=["tenant", "secondary_id"],
                name="business_secondary_id",
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                django.db.models.functions.text.Lower("legal_name"), name="business_legal_name"
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                django.db.models.functions.text.Lower("dba_name"), name="business_dba_name"
            ),
        ),
        migrations.AddIndex(
            model_name="business",
            index=models.Index(
                django.db.models.functions.text.Lower("email"), name="business_email_any_case"
            ),
        ),
    ]
