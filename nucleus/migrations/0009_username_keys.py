"""The key of every client's user name, by which look-alikes are found.

Of names with the same key the oldest client's is the one that counts; the others keep theirs and
are marked, so that they do not stand in the way of the unique constraint that follows.
"""

from typing import Any

from django.db import migrations, models

from nucleus import usernames

BATCH = 500


def fill(apps: Any, schema_editor: Any) -> None:
    clients = apps.get_model("nucleus", "Client")._base_manager
    known: set[tuple[Any, str]] = set()
    batch: list[Any] = []

    def save() -> None:
        clients.bulk_update(batch, ["username_key", "shares_username_key"])
        batch.clear()

    rows = clients.order_by("create_date", "pk").only("tenant_id", "username")
    for client in rows.iterator(chunk_size=BATCH):
        client.username_key = usernames.key(client.username)
        key = client.tenant_id, client.username_key
        client.shares_username_key = key in known
        known.add(key)
        batch.append(client)
        if len(batch) == BATCH:
            save()
    save()


class Migration(migrations.Migration):
    dependencies = [("nucleus", "0008_merchants_of_a_tenant")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="username_key",
            field=models.CharField(default="", editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="client",
            name="shares_username_key",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
