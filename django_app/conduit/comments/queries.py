from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from ..accounts.queries import followed_by

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from ..accounts.models import User
    from .models import Comment  # noqa: F401


class CommentQuerySet(QuerySet["Comment"]):
    def for_viewer(self, viewer: User | AnonymousUser) -> CommentQuerySet:
        """Comments with their authors."""
        return self.select_related("author").annotate(author_followed=followed_by(viewer, "author"))

    def for_article(self, slug: str) -> CommentQuerySet:
        return self.filter(article__slug=slug).order_by("-id")
