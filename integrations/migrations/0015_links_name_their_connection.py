"""Links keep the vendor's names of their connection, so that they outlive it."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def name_connections(apps: Any, schema_editor: Any) -> None:
    links = apps.get_model("integrations", "AccountLink")._base_manager
    members = apps.get_model("integrations", "Member")._base_manager.filter(pk=OuterRef("member"))
    links.filter(vendor="").update(
        vendor=Subquery(members.values("vendor_user__vendor")[:1]),
        vendor_member_id=Subquery(members.values("vendor_member_id")[:1]),
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_link_history_and_duplicates")]

    operations = [migrations.RunPython(name_connections, migrations.RunPython.noop)]
