"""An operation for migrations, in its own module so that squashed migrations can import it."""

from typing import Any

from django.db import migrations


class AddMissingField(migrations.AddField):
    """Adds a column, unless another app on the same database has added it."""

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        model = after.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(editor.connection.alias, model):
            return
        with editor.connection.cursor() as cursor:
            found = editor.connection.introspection.get_table_description(
                cursor, model._meta.db_table
            )
        if self.name not in {column.name for column in found}:
            super().database_forwards(app_label, editor, before, after)
