"""Indexes that serve lists whose tenant has millions of rows, built while others write."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline, RemoveIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("nucleus", "0018_invalid_numbers"),
    ]

    operations = [
        AddIndexOnline(
            model_name="aggregationaccount",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_agg_tenant__b4c081_idx"
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccountbalance",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_agg_tenant__4981e4_idx"
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccountbalance",
            index=models.Index(
                condition=models.Q(("secondary_id__isnull", False)),
                fields=["tenant", "secondary_id"],
                name="balance_secondary_id",
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccountholding",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_agg_tenant__bd20b6_idx"
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccountholding",
            index=models.Index(
                condition=models.Q(("secondary_id__isnull", False)),
                fields=["tenant", "secondary_id"],
                name="holding_secondary_id",
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccounttransaction",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_agg_tenant__8be73a_idx"
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccounttransaction",
            index=models.Index(
                fields=["aggregation_account", "-update_date", "id"],
                name="nucleus_agg_aggrega_9246ab_idx",
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccounttransaction",
            index=models.Index(
                fields=["tenant", "category", "-update_date", "id"],
                name="nucleus_agg_tenant__f6221a_idx",
            ),
        ),
        AddIndexOnline(
            model_name="aggregationaccounttransaction",
            index=models.Index(
                condition=models.Q(("merchant_id__isnull", False)),
                fields=["tenant", "merchant_id", "-update_date", "id"],
                name="transaction_of_merchant",
            ),
        ),
        AddIndexOnline(
            model_name="auditlog",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_aud_tenant__6eeb85_idx"
            ),
        ),
        AddIndexOnline(
            model_name="banklink",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_ban_tenant__ca18de_idx"
            ),
        ),
        AddIndexOnline(
            model_name="business",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_bus_tenant__053c53_idx"
            ),
        ),
        AddIndexOnline(
            model_name="business",
            index=models.Index(
                condition=models.Q(("secondary_id__isnull", False)),
                fields=["tenant", "secondary_id"],
                name="business_secondary_id",
            ),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(
                fields=["tenant", "-create_date", "id"], name="nucleus_cli_tenant__744066_idx"
            ),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(
                condition=models.Q(("secondary_id__isnull", False)),
                fields=["tenant", "secondary_id"],
                name="client_secondary_id",
            ),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(
                condition=models.Q(("email__isnull", False)),
                fields=["tenant", "email"],
                name="client_email",
            ),
        ),
        AddIndexOnline(
            model_name="institution",
            index=models.Index(
                fields=["-update_date", "id"], name="nucleus_ins_update__09806e_idx"
            ),
        ),
        AddIndexOnline(
            model_name="institution",
            index=models.Index(
                fields=["-create_date", "id"], name="nucleus_ins_create__b847f7_idx"
            ),
        ),
        AddIndexOnline(
            model_name="merchant",
            index=models.Index(
                fields=["-create_date", "id"], name="nucleus_mer_create__a87cfb_idx"
            ),
        ),
        RemoveIndexOnline(
            model_name="aggregationaccounttransaction",
            name="transaction_merchant",
        ),
    ]
