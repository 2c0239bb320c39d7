"""Give webhooks that came too early, or concern something deleted, states of their own, by their notes."""

from typing import Any

from django.db import migrations, models

EARLY_NOTES = (
    "No client or business of this tenant has linked this account.",
    "No client or business of this tenant has linked this member.",
)
GONE_NOTE = "The tenant has deleted this connection."
CHOICES = [
    ("received", "Waiting for its job"),
    ("handled", "Handled"),
    ("early", "Too early: not linked here"),
    ("gone", "About a connection that is gone"),
    ("quarantined", "Kept, not understood"),
    ("test", "Test"),
]


def tell_apart(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("integrations", "InboundWebhook").objects.filter(state="quarantined")
    rows.filter(note__in=EARLY_NOTES).update(state="early")
    rows.filter(note=GONE_NOTE).update(state="gone")


def restore(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("integrations", "InboundWebhook").objects
    rows.filter(state__in=["early", "gone"]).update(state="quarantined")


class Migration(migrations.Migration):
    dependencies = [("integrations", "0040_newest_connections")]

    operations = [
        migrations.AlterField(
            model_name="inboundwebhook",
            name="state",
            field=models.CharField(choices=CHOICES, default="received", max_length=16),
        ),
        migrations.RunPython(tell_apart, restore),
    ]
