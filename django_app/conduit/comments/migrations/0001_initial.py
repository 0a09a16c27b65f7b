import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import conduit.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("articles", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Comment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField(default=conduit.clock.now)),
                ("updated_at", models.DateTimeField(default=conduit.clock.now)),
                (
                    "article",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="comments",
                        to="articles.article",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="comments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "comments",
                "indexes": [
                    models.Index(fields=["article", "id"], name="comments_article_idx"),
                    models.Index(fields=["author"], name="comments_author_idx"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("body__length__range", (1, 10000))),
                        name="comments_body_check",
                    )
                ],
            },
        ),
    ]
