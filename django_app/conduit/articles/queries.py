from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import (
    Aggregate,
    BooleanField,
    Count,
    Exists,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from ..accounts.queries import followed_by
from .schemas import ArticleFilters, Page

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from ..accounts.models import User
    from .models import Article, Tag  # noqa: F401

SUMMARY = ["slug", "title", "description", "created_at", "updated_at"]
AUTHOR = ["author__username", "author__bio", "author__image"]


def of_article(links: Any) -> Any:
    """The links of the article of the enclosing query, as one group."""
    return links.objects.filter(article=OuterRef("pk")).values("article")


def favorited_by(viewer: User | AnonymousUser) -> Combinable:
    """Whether the article of the enclosing query is a favorite of the viewer."""
    if not viewer.is_authenticated:
        return Value(False, output_field=BooleanField())
    return Exists(viewer.favorites.filter(article=OuterRef("pk")))


class JSONList(Aggregate):
    """The values of a group as one list: an aggregate whose name differs by database."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, *args: Any, **options: Any) -> Any:
        return super().as_sql(*args, function="JSON_GROUP_ARRAY", **options)


class ArticleQuerySet(QuerySet["Article"]):
    def for_viewer(self, viewer: User | AnonymousUser) -> ArticleQuerySet:
        """Articles without their bodies, with author, favorites and tags, in one statement.

        `prefetch_related("tags")` would need a second one: 44 instead of 24 ms for 100 articles
        on SQLite, 28 instead of 19 ms on PostgreSQL.
        """
        favorites = of_article(self.model.favorited_by.through)
        tags = of_article(self.model.tags.through)
        articles: ArticleQuerySet = (
            self.only(*SUMMARY, *AUTHOR)
            .select_related("author")
            .annotate(
                tag_list=Subquery(tags.annotate(each=JSONList("tag__name")).values("each")),
                favorited=favorited_by(viewer),
                favorites_count=Coalesce(
                    Subquery(favorites.annotate(count=Count("pk")).values("count")), 0
                ),
                author_followed=followed_by(viewer, "author"),
            )
        )
        return articles

    def with_body(self) -> ArticleQuerySet:
        return self.only(*SUMMARY, "body", *AUTHOR)

    def matching(self, filters: ArticleFilters) -> ArticleQuerySet:
        """The articles that meet all of the filters.

        They compare with one id instead of a join, so that PostgreSQL reads an index in its
        order: 0.2 instead of 870 ms for a page of a tag that 200,000 of 1,000,000 articles have.
        """
        articles = self
        users = get_user_model().objects
        if filters.tag is not None:
            tags = apps.get_model("articles.Tag").objects
            articles = articles.filter(tags=tags.filter(name=filters.tag)[:1])
        if filters.author is not None:
            articles = articles.filter(author=users.with_username(filters.author)[:1])
        if filters.favorited is not None:
            articles = articles.filter(favorited_by=users.with_username(filters.favorited)[:1])
        return articles

    def by_followed_of(self, user: User) -> ArticleQuerySet:
        return self.filter(author__in=user.follows.values("followed"))

    def newest_first(self, page: Page) -> ArticleQuerySet:
        """The page is selected first, so that details are read only for its articles."""
        cut = self.order_by("-id")[page.offset : page.offset + page.limit]
        newest: ArticleQuerySet = self.model.objects.filter(pk__in=cut.values("pk")).order_by("-id")
        return newest

    def for_change(self) -> ArticleQuerySet:
        """Articles, locked until the commit: none is deleted before new rows that refer to it."""
        return self.select_for_update(no_key=True)


class TagQuerySet(QuerySet["Tag"]):
    def in_use(self) -> TagQuerySet:
        """The hundred most used tags, the most used first."""
        used = self.annotate(uses=Count("articletag")).filter(uses__gt=0)
        return used.order_by("-uses", "id")[:100]
