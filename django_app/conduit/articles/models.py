from django.db import models
from django.db.models import Q
from django.db.models.functions import Length

from ..accounts.models import User
from ..clock import now
from .queries import ArticleQuerySet, TagQuerySet
from .validators import (
    validate_body,
    validate_description,
    validate_slug,
    validate_tag,
    validate_title,
)

models.TextField.register_lookup(Length)


class Tag(models.Model):
    name = models.CharField(max_length=64, validators=[validate_tag])

    objects = TagQuerySet.as_manager()

    class Meta:
        db_table = "tags"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="tags_name_key"),
            models.CheckConstraint(condition=Q(name__length__gte=1), name="tags_name_check"),
        ]

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    author = models.ForeignKey(User, models.DB_CASCADE, related_name="articles", db_index=False)
    slug = models.CharField(max_length=120, validators=[validate_slug])
    title = models.CharField(max_length=255, validators=[validate_title])
    description = models.CharField(max_length=1000, validators=[validate_description])
    body = models.TextField(validators=[validate_body])
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    tags = models.ManyToManyField(Tag, through="ArticleTag", related_name="articles")
    favorited_by = models.ManyToManyField(
        User, through="Favorite", related_name="favorite_articles"
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        db_table = "articles"
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="articles_slug_key"),
            models.CheckConstraint(condition=Q(title__length__gte=1), name="articles_title_check"),
            models.CheckConstraint(
                condition=Q(description__length__gte=1), name="articles_description_check"
            ),
            models.CheckConstraint(
                condition=Q(body__length__range=(1, 100_000)), name="articles_body_check"
            ),
        ]
        indexes = [models.Index(fields=["author", "id"], name="articles_author_idx")]

    def __str__(self) -> str:
        return self.title


class ArticleTag(models.Model):
    article = models.ForeignKey(Article, models.DB_CASCADE, db_index=False)
    tag = models.ForeignKey(Tag, models.DB_CASCADE, db_index=False)

    class Meta:
        db_table = "article_tags"
        constraints = [
            models.UniqueConstraint(fields=["article", "tag"], name="article_tags_article_tag_key")
        ]
        indexes = [models.Index(fields=["tag", "article"], name="article_tags_tag_idx")]

    def __str__(self) -> str:
        return f"tag {self.tag_id} of article {self.article_id}"


class Favorite(models.Model):
    user = models.ForeignKey(User, models.DB_CASCADE, related_name="favorites", db_index=False)
    article = models.ForeignKey(Article, models.DB_CASCADE, db_index=False)

    class Meta:
        db_table = "favorites"
        constraints = [
            models.UniqueConstraint(fields=["user", "article"], name="favorites_user_article_key")
        ]
        indexes = [models.Index(fields=["article"], name="favorites_article_idx")]

    def __str__(self) -> str:
        return f"favorite {self.article_id} of user {self.user_id}"
