"""The last test of a credential: when, by whom, with which result."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0035_jobs_of_connections")]

    operations = [
        migrations.AddField(
            model_name="vendorcredential",
            name="tested_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="vendorcredential",
            name="tested_by",
            field=models.CharField(blank=True, default="", editable=False, max_length=150),
        ),
        migrations.AddField(
            model_name="vendorcredential",
            name="test_passed",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="vendorcredential",
            name="test_message",
            field=models.TextField(blank=True, default="", editable=False),
        ),
    ]
