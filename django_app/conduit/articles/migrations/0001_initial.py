import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import conduit.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=120)),
                ("title", models.CharField(max_length=255)),
                ("description", models.CharField(max_length=1000)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField(default=conduit.clock.now)),
                ("updated_at", models.DateTimeField(default=conduit.clock.now)),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="articles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "articles",
            },
        ),
        migrations.CreateModel(
            name="Favorite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="articles.article",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        related_name="favorites",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "favorites",
            },
        ),
        migrations.AddField(
            model_name="article",
            name="favorited_by",
            field=models.ManyToManyField(
                related_name="favorite_articles",
                through="articles.Favorite",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "tags",
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="tags_name_key"),
                    models.CheckConstraint(
                        condition=models.Q(("name__length__gte", 1)), name="tags_name_check"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArticleTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="articles.article",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DB_CASCADE,
                        to="articles.tag",
                    ),
                ),
            ],
            options={
                "db_table": "article_tags",
            },
        ),
        migrations.AddField(
            model_name="article",
            name="tags",
            field=models.ManyToManyField(
                related_name="articles", through="articles.ArticleTag", to="articles.tag"
            ),
        ),
        migrations.AddIndex(
            model_name="favorite",
            index=models.Index(fields=["article"], name="favorites_article_idx"),
        ),
        migrations.AddConstraint(
            model_name="favorite",
            constraint=models.UniqueConstraint(
                fields=("user", "article"), name="favorites_user_article_key"
            ),
        ),
        migrations.AddIndex(
            model_name="articletag",
            index=models.Index(fields=["tag", "article"], name="article_tags_tag_idx"),
        ),
        migrations.AddConstraint(
            model_name="articletag",
            constraint=models.UniqueConstraint(
                fields=("article", "tag"), name="article_tags_article_tag_key"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["author", "id"], name="articles_author_idx"),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(fields=("slug",), name="articles_slug_key"),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("title__length__gte", 1)), name="articles_title_check"
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("description__length__gte", 1)),
                name="articles_description_check",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("body__length__range", (1, 100000))), name="articles_body_check"
            ),
        ),
    ]
