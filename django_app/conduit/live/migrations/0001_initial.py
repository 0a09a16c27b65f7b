from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_the_row(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    counters = apps.get_model("live", "EventCounter").objects
    counters.using(schema_editor.connection.alias).create(id=1, value=0)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=32)),
                ("article_id", models.BigIntegerField()),
                ("author_id", models.BigIntegerField()),
                ("data", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "events",
                "indexes": [models.Index(fields=["created_at"], name="events_created_idx")],
            },
        ),
        migrations.CreateModel(
            name="EventCounter",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("value", models.BigIntegerField()),
            ],
            options={
                "db_table": "event_counter",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="event_counter_one_row_check"
                    )
                ],
            },
        ),
        migrations.RunPython(add_the_row, migrations.RunPython.noop),
    ]
