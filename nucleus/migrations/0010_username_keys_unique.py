"""Apart from filling the keys in, because PostgreSQL changes no table with pending row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nucleus", "0009_username_keys")]

    operations = [
        migrations.RemoveIndex(model_name="client", name="client_username_any_case"),
        migrations.AddIndex(
            model_name="client",
            index=models.Index(fields=["tenant", "username_key"], name="client_username_key"),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.UniqueConstraint(
                condition=models.Q(("shares_username_key", False)),
                fields=("tenant", "username_key"),
                name="client_username_key_unique",
            ),
        ),
    ]
