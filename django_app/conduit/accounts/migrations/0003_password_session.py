"""Which session set the password last: it goes on, all others end."""

from typing import Any

from django.db import migrations, models


class AddMissingField(migrations.AddField):
    """Adds a column, unless another app on the same database has added it."""

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        table = after.apps.get_model(app_label, self.model_name)._meta.db_table
        with editor.connection.cursor() as cursor:
            found = editor.connection.introspection.get_table_description(cursor, table)
        if self.name not in {column.name for column in found}:
            super().database_forwards(app_label, editor, before, after)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_permissions")]

    operations = [
        AddMissingField(
            "user",
            "password_session_id",
            models.CharField(blank=True, editable=False, max_length=32, null=True),
        ),
    ]
