"""Adds a validator to the model; the database does not change."""

from django.db import migrations, models

from conduit.comments import validators


class Migration(migrations.Migration):
    dependencies = [("comments", "0001_initial")]

    operations = [
        migrations.AlterField(
            "comment", "body", models.TextField(validators=[validators.validate_body])
        ),
    ]
