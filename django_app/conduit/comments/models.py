from django.db import models
from django.db.models import Q

from ..accounts.models import User
from ..articles.models import Article
from ..clock import now
from .queries import CommentQuerySet
from .validators import validate_body


class Comment(models.Model):
    article = models.ForeignKey(Article, models.DB_CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(User, models.DB_CASCADE, related_name="comments", db_index=False)
    body = models.TextField(validators=[validate_body])
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    objects = CommentQuerySet.as_manager()

    class Meta:
        db_table = "comments"
        constraints = [
            models.CheckConstraint(
                condition=Q(body__length__range=(1, 10_000)), name="comments_body_check"
            )
        ]
        indexes = [
            models.Index(fields=["article", "id"], name="comments_article_idx"),
            models.Index(fields=["author"], name="comments_author_idx"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"
