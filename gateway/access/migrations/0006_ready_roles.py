"""Marks of the roles that the gateway keeps up to date."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_squashed_0005_help_texts"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadyRole",
            fields=[
                ("slug", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
