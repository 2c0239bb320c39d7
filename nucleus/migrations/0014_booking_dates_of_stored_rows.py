"""Stored transactions get the day of their instant; the source's own day comes with its next read."""

from datetime import UTC
from typing import Any

from django.db import migrations
from django.db.models.functions import TruncDate


def fill_booking_dates(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("nucleus", "AggregationAccountTransaction")._base_manager
    rows.filter(booking_date=None).update(booking_date=TruncDate("transaction_date", tzinfo=UTC))


class Migration(migrations.Migration):
    dependencies = [("nucleus", "0013_units_booking_dates_generations")]

    operations = [migrations.RunPython(fill_booking_dates, migrations.RunPython.noop)]
