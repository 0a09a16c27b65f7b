from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ..accounts.models import User
from ..accounts.queries import with_following
from ..clock import now
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, is_unique_violation
from ..errors import Forbidden, NotFound, Unauthorized, Unavailable
from ..live import events
from ..live.models import Event
from . import schemas
from .models import Article, ArticleTag, Favorite, Tag
from .queries import ArticleQuerySet
from .slugs import candidates_for, slug_of


def get_articles(
    *, filters: schemas.ArticleFilters, viewer: User | AnonymousUser
) -> tuple[list[Article], int]:
    """A page of the articles that match the filters, and the number of all that match."""
    return list_articles(Article.objects.matching(filters), page=filters, viewer=viewer)


def get_feed(*, page: schemas.Page, user: User) -> tuple[list[Article], int]:
    """A page of the articles by followed users, and the number of all of them."""
    return list_articles(Article.objects.by_followed_of(user), page=page, viewer=user)


def list_articles(
    articles: ArticleQuerySet, *, page: schemas.Page, viewer: User | AnonymousUser
) -> tuple[list[Article], int]:
    shown = articles.newest_first(page).for_viewer(viewer)
    return [with_following(article) for article in shown], articles.count()


def get_article(*, slug: str, viewer: User | AnonymousUser) -> Article:
    article = Article.objects.for_viewer(viewer).with_body().filter(slug=slug).first()
    if article is None:
        raise NotFound(article="not found")
    return with_following(article)


@transaction.atomic
def create_article(
    *, author: User, title: str, description: str, body: str, tag_list: Sequence[str] = ()
) -> Article:
    article = Article(author=author, title=title, description=description, body=body)
    try:
        return add_article(article, tag_list=tag_list)
    except NotFound:  # an article is not shown without its author, who has just been deleted
        raise Unauthorized(token="is invalid") from None


def add_article(article: Article, *, tag_list: Sequence[str]) -> Article:
    """Save a new article and record its event; called in a transaction."""
    article.created_at = article.updated_at = now()
    save(article, renamed=True)
    add_tags(article, tag_list)
    return record_event("article.created", article, viewer=article.author)


@transaction.atomic
def update_article(*, slug: str, user: User, changes: dict[str, Any]) -> Article:
    """Change the given fields; the slug changes only if the new title gives another one."""
    article = get_article_for_change(slug)
    if article.author_id != user.pk:
        raise Forbidden(article="forbidden")
    return change_article(article, changes=changes, viewer=user)


def change_article(article: Article, *, changes: dict[str, Any], viewer: User) -> Article:
    """Change an article that is locked until the commit, and record the event."""
    changes = dict(changes)
    tag_list = changes.pop("tag_list", None)
    changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
    renamed = slug_of(changes.get("title", article.title)) != slug_of(article.title)
    for name, value in changes.items():
        setattr(article, name, value)
    save(article, renamed=renamed)
    if tag_list is not None:
        ArticleTag.objects.filter(article=article).delete()
        add_tags(article, tag_list)
    return record_event("article.updated", article, viewer=viewer)


@transaction.atomic
def delete_article(*, slug: str, user: User) -> None:
    article = get_article_for_change(slug)
    if article.author_id != user.pk:
        raise Forbidden(article="forbidden")
    remove_article(article)


def remove_article(article: Article) -> None:
    """Delete an article that is locked until the commit, and record the event."""
    event = deletion_of(article)
    article.delete()
    events.record_all([event])


@transaction.atomic
def remove_articles(articles: QuerySet[Article]) -> None:
    events.record_all(delete_articles(articles))


def delete_articles(articles: QuerySet[Article]) -> list[Event]:
    """Delete articles; returns the events to record at the end of the transaction."""
    held = lock_articles(articles)
    Article.objects.filter(pk__in=[article.pk for article in held]).delete()
    return [deletion_of(article) for article in held]


def deletion_of(article: Article) -> Event:
    return events.new_event(
        "article.deleted",
        article_id=article.pk,
        author_id=article.author_id,
        data={"slug": article.slug},
    )


@transaction.atomic
def favorite_article(*, slug: str, user: User) -> Article:
    article = get_article_for_change(slug)
    _, created = user.favorites.get_or_create(article=article)
    if not created:
        return get_article(slug=slug, viewer=user)
    return record_event("article.favorited", article, viewer=user)


@transaction.atomic
def unfavorite_article(*, slug: str, user: User) -> Article:
    article = get_article_for_change(slug)
    deleted, _ = user.favorites.filter(article=article).delete()
    if not deleted:
        return get_article(slug=slug, viewer=user)
    return record_event("article.unfavorited", article, viewer=user)


@transaction.atomic
def remove_favorites(favorites: QuerySet[Favorite]) -> None:
    events.record_all(delete_favorites(favorites))


def delete_favorites(favorites: QuerySet[Favorite]) -> list[Event]:
    """Delete favorites; returns the events to record at the end of the transaction."""
    favorites = Favorite.objects.filter(pk__in=list(favorites.values_list("pk", flat=True)))
    held = lock_articles(Article.objects.filter(pk__in=favorites.values("article")))
    deleted = list(favorites.filter(article__in=held).order_by("pk"))
    Favorite.objects.filter(pk__in=[favorite.pk for favorite in deleted]).delete()
    return events_of("article.unfavorited", [favorite.article_id for favorite in deleted])


@transaction.atomic
def remove_tags(tags: QuerySet[Tag]) -> None:
    """Remove tags from all articles; the API does not show a tag without articles."""
    articles = lock_articles(Article.objects.filter(tags__in=tags))
    ArticleTag.objects.filter(article__in=articles, tag__in=tags).delete()
    changed_at = now()
    for article in articles:
        article.updated_at = max(changed_at, article.updated_at + timedelta(milliseconds=1))
    Article.objects.bulk_update(articles, ["updated_at"], batch_size=500)
    events.record_all(events_of("article.updated", [article.pk for article in articles]))


def get_tags() -> list[str]:
    """The hundred most used tags, the most used first."""
    # Not a QuerySet: Ninja would report a database error as an invalid response.
    return list(Tag.objects.in_use().values_list("name", flat=True))


def ensure_article(slug: str) -> None:
    """Raise `NotFound` if no article has this slug."""
    if not Article.objects.filter(slug=slug).exists():
        raise NotFound(article="not found")


def get_article_for_change(slug: str) -> Article:
    """The article, locked until the commit; raises `NotFound`."""
    article = Article.objects.for_change().filter(slug=slug).first()
    if article is None:
        raise NotFound(article="not found")
    return article


def lock_articles(articles: QuerySet[Article]) -> list[Article]:
    """These articles without their bodies, locked until the commit.

    Called before the first event: a transaction that holds the event counter must not wait for an
    article.
    """
    held = Article.objects.filter(pk__in=articles.values("pk")).order_by("pk")
    return list(held.defer("body").select_for_update(no_key=True))


def save(article: Article, *, renamed: bool) -> None:
    """Write the article, with a free slug for its title if it is new or renamed."""
    for _ in range(MAX_ATTEMPTS):
        if renamed:
            article.slug = find_free_slug(article)
        try:
            with transaction.atomic():
                article.save()
            return
        except IntegrityError as error:
            if not is_unique_violation(error, "articles_slug_key"):
                raise
            # Another writer took the slug first: try the next one.
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


def find_free_slug(article: Article) -> str:
    """The first candidate that no other article has."""
    others = Article.objects.exclude(pk=article.pk)
    for candidates in candidates_for(article.title):
        taken = set(others.filter(slug__in=candidates).values_list("slug", flat=True))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


def add_tags(article: Article, names: Sequence[str]) -> None:
    """Link the article with these tags, and create the new ones."""
    # This waits for another writer that creates the same tag.
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
    tags = Tag.objects.filter(name__in=names)
    ArticleTag.objects.bulk_create(ArticleTag(article=article, tag=tag) for tag in tags)


def events_of(name: events.EventName, article_ids: Sequence[int]) -> list[Event]:
    """An event for each of the articles, with the article as anonymous users see it."""
    articles = Article.objects.for_viewer(AnonymousUser()).with_body().in_bulk(article_ids)
    return [
        events.new_event(
            name,
            article_id=article_id,
            author_id=articles[article_id].author_id,
            data=schemas.ArticleResponse.model_validate(
                {"article": with_following(articles[article_id])}
            ),
        )
        for article_id in article_ids
    ]


def record_event(event: events.EventName, article: Article, *, viewer: User) -> Article:
    """Record the event, with the article as anonymous users see it; return the viewer's article."""
    shown = get_article(slug=article.slug, viewer=viewer)
    public = get_article(slug=article.slug, viewer=AnonymousUser())
    events.record(
        event,
        article_id=article.pk,
        author_id=article.author_id,
        data=schemas.ArticleResponse.model_validate({"article": public}),
    )
    return shown
