"""Lock keys of connections name the vendor, since a member's id is unique only there."""

from typing import Any

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Replace


def add_vendor(apps: Any, schema_editor: Any) -> None:
    """MX was the only vendor. Jobs in any state: an erasure finds them by their keys."""
    jobs = apps.get_model("integrations", "Job").objects
    jobs.filter(lock_key__contains=":member:").update(
        lock_key=Replace(F("lock_key"), Value(":member:"), Value(":member:mx:"))
    )


def remove_vendor(apps: Any, schema_editor: Any) -> None:
    jobs = apps.get_model("integrations", "Job").objects
    jobs.filter(lock_key__contains=":member:mx:").update(
        lock_key=Replace(F("lock_key"), Value(":member:mx:"), Value(":member:"))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0010_member_secret"),
    ]

    operations = [
        migrations.RunPython(add_vendor, remove_vendor),
    ]
