"""Indexes by which the admin's search finds customers, built while others write."""

from django.db import migrations, models
from django.db.models.functions import Lower

from nucleus.migration_operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("nucleus", "0021_staff_actions"),
    ]

    operations = [
        AddIndexOnline(
            model_name="business",
            index=models.Index(Lower("legal_name"), name="business_legal_name"),
        ),
        AddIndexOnline(
            model_name="business",
            index=models.Index(Lower("dba_name"), name="business_dba_name"),
        ),
        AddIndexOnline(
            model_name="business",
            index=models.Index(Lower("email"), name="business_email_any_case"),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(Lower("last_name"), name="client_last_name"),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(Lower("first_name"), name="client_first_name"),
        ),
        AddIndexOnline(
            model_name="client",
            index=models.Index(Lower("email"), name="client_email_any_case"),
        ),
    ]
