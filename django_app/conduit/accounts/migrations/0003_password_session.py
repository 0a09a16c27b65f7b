"""Adds the session that set the password last: it stays valid, all others end."""

from django.db import migrations, models

from conduit.database.operations import AddMissingField


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_permissions")]

    operations = [
        AddMissingField(
            "user",
            "password_session_id",
            models.CharField(blank=True, editable=False, max_length=32, null=True),
        ),
    ]
