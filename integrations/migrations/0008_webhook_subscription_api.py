from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0007_holders_not_confirmed")]

    operations = [
        migrations.RenameField(model_name="webhooksubscription", old_name="door", new_name="api")
    ]
