"""Adds validators to the models; the database does not change."""

from django.db import migrations, models

from conduit.articles import validators


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_initial")]

    operations = [
        migrations.AlterField(
            "tag", "name", models.CharField(max_length=64, validators=[validators.validate_tag])
        ),
        migrations.AlterField(
            "article",
            "slug",
            models.CharField(max_length=120, validators=[validators.validate_slug]),
        ),
        migrations.AlterField(
            "article",
            "title",
            models.CharField(max_length=255, validators=[validators.validate_title]),
        ),
        migrations.AlterField(
            "article",
            "description",
            models.CharField(max_length=1000, validators=[validators.validate_description]),
        ),
        migrations.AlterField(
            "article", "body", models.TextField(validators=[validators.validate_body])
        ),
    ]
