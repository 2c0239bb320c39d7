"""Staff find users, connections and accounts by the ids that the vendor shows them."""

from django.db import migrations, models

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("integrations", "0030_indexes_of_lists")]

    operations = [
        AddIndexOnline(
            model_name="vendoruser",
            index=models.Index(fields=["vendor_user_id"], name="vendor_user_by_id"),
        ),
        AddIndexOnline(
            model_name="member",
            index=models.Index(fields=["vendor_member_id"], name="member_by_id"),
        ),
        AddIndexOnline(
            model_name="accountlink",
            index=models.Index(fields=["vendor_account_id"], name="link_by_id"),
        ),
    ]
