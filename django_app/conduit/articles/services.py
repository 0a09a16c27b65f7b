from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ..accounts.models import User
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, violates
from ..errors import Forbidden, NotFound, Unavailable
from ..live import events
from ..schemas import now
from . import schemas
from .models import Article, ArticleTag, Favorite, Tag
from .queries import ArticleQuerySet
from .slugs import candidates_for, slug_of


def get_articles(
    *, filters: schemas.ArticleFilters, viewer: User | AnonymousUser
) -> schemas.ArticlesResponse:
    return list_articles(Article.objects.matching(filters), page=filters, viewer=viewer)


def get_feed(*, page: schemas.Page, user: User) -> schemas.ArticlesResponse:
    return list_articles(Article.objects.by_followed_of(user), page=page, viewer=user)


def list_articles(
    articles: ArticleQuerySet, *, page: schemas.Page, viewer: User | AnonymousUser
) -> schemas.ArticlesResponse:
    count = articles.count()
    shown = [with_following(article) for article in articles.newest_first(page).seen_by(viewer)]
    return schemas.ArticlesResponse.model_validate({"articles": shown, "articles_count": count})


def with_following(article: Article) -> Article:
    """The article, with what was read beside it put where the answer shows it."""
    article.author.following = article.author_followed  # type: ignore[attr-defined]
    return article


def get_article(*, slug: str, viewer: User | AnonymousUser) -> schemas.Article:
    article = Article.objects.seen_by(viewer).with_body().filter(slug=slug).first()
    if article is None:
        raise NotFound(article="not found")
    return schemas.Article.model_validate(with_following(article))


@transaction.atomic
def create_article(
    *, author: User, title: str, description: str, body: str, tag_list: Sequence[str] = ()
) -> schemas.Article:
    article = Article(author=author, title=title, description=description, body=body)
    return add_article(article, tag_list=tag_list)


def add_article(article: Article, *, tag_list: Sequence[str]) -> schemas.Article:
    """Save a new article and record its event; called in a transaction."""
    article.created_at = article.updated_at = now()
    for _ in range(MAX_ATTEMPTS):
        article.slug = find_free_slug(article.title)
        try:
            with transaction.atomic():
                article.save(force_insert=True)
            break
        except IntegrityError as error:
            if not violates(error, "articles_slug_key"):
                raise  # any other error than that another writer took the slug
    else:
        raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
    set_tags(article, tag_list)
    return finish("article.created", article, viewer=article.author)


@transaction.atomic
def update_article(*, slug: str, user: User, changes: dict[str, Any]) -> schemas.Article:
    """Change the given fields; the slug changes only if the new title gives another one."""
    article = get_article_for_change(slug)
    if article.author_id != user.pk:
        raise Forbidden(article="forbidden")
    return change_article(article, changes=changes, viewer=user)


def change_article(article: Article, *, changes: dict[str, Any], viewer: User) -> schemas.Article:
    """Change an article that is locked until the commit, and record the event."""
    tag_list = changes.pop("tag_list", None)
    changes["updated_at"] = max(now(), article.updated_at + timedelta(milliseconds=1))
    renamed = slug_of(changes.get("title", article.title)) != slug_of(article.title)
    for name, value in changes.items():
        setattr(article, name, value)
    for _ in range(MAX_ATTEMPTS):
        if renamed:
            article.slug = find_free_slug(article.title, article.pk)
        try:
            with transaction.atomic():
                article.save(update_fields=[*changes, "slug"])
            break
        except IntegrityError as error:
            if not violates(error, "articles_slug_key"):
                raise  # any other error than that another writer took the slug
    else:
        raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)
    if tag_list is not None:
        set_tags(article, tag_list)
    return finish("article.updated", article, viewer=viewer)


@transaction.atomic
def delete_article(*, slug: str, user: User) -> None:
    article = get_article_for_change(slug)
    if article.author_id != user.pk:
        raise Forbidden(article="forbidden")
    remove_article(article)


def remove_article(article: Article) -> None:
    """Delete an article that is locked until the commit, and record the event."""
    article_id = article.pk
    article.delete()
    events.record(
        "article.deleted",
        article_id=article_id,
        author_id=article.author_id,
        data={"slug": article.slug},
    )


@transaction.atomic
def remove_articles(articles: QuerySet[Article]) -> None:
    for article in lock_articles(articles):
        remove_article(article)


@transaction.atomic
def favorite_article(*, slug: str, user: User) -> schemas.Article:
    article = get_article_for_change(slug)
    _, created = user.favorites.get_or_create(article=article)
    if not created:
        return get_article(slug=slug, viewer=user)
    return finish("article.favorited", article, viewer=user)


@transaction.atomic
def unfavorite_article(*, slug: str, user: User) -> schemas.Article:
    article = get_article_for_change(slug)
    deleted, _ = user.favorites.filter(article=article).delete()
    if not deleted:
        return get_article(slug=slug, viewer=user)
    return finish("article.unfavorited", article, viewer=user)


@transaction.atomic
def remove_favorites(favorites: QuerySet[Favorite]) -> None:
    lock_articles(Article.objects.filter(pk__in=favorites.values("article")))
    for favorite in favorites.select_related("article", "user"):
        unfavorite_article(slug=favorite.article.slug, user=favorite.user)


@transaction.atomic
def take_off_tags(tags: QuerySet[Tag]) -> None:
    """Take tags off all articles; one that no article has is shown nowhere."""
    gone = set(tags.values_list("name", flat=True))
    for article in lock_articles(Article.objects.filter(tags__in=tags)):
        kept = set(article.tags.values_list("name", flat=True)) - gone
        change_article(article, changes={"tag_list": sorted(kept)}, viewer=article.author)


def get_tags() -> schemas.TagsResponse:
    return schemas.TagsResponse(tags=[tag.name for tag in Tag.objects.in_use()])


def ensure_article(slug: str) -> None:
    """Raise `NotFound` unless there is such an article."""
    if not Article.objects.filter(slug=slug).exists():
        raise NotFound(article="not found")


def get_article_for_change(slug: str) -> Article:
    article = Article.objects.for_change().filter(slug=slug).first()
    if article is None:
        raise NotFound(article="not found")
    return article


def lock_articles(articles: QuerySet[Article]) -> list[Article]:
    """These articles, locked until the commit.

    Before the first event: who waits for an article while holding the counter can wait for ever.
    """
    held = Article.objects.filter(pk__in=articles.values("pk")).order_by("pk")
    return list(held.select_related("author").select_for_update(no_key=True, of=["self"]))


def find_free_slug(title: str, article_id: int = 0) -> str:
    """The first candidate that no other article has."""
    others = Article.objects.exclude(pk=article_id)
    for candidates in candidates_for(title):
        taken = set(others.filter(slug__in=candidates).values_list("slug", flat=True))
        for candidate in candidates:
            if candidate not in taken:
                return candidate
    raise AssertionError("the candidates have no end")


def set_tags(article: Article, names: Sequence[str]) -> None:
    """Link the article with exactly these tags, and create the new ones."""
    ArticleTag.objects.filter(article=article).delete()
    # This waits for another writer that creates the same tag.
    Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
    tags = Tag.objects.filter(name__in=names)
    ArticleTag.objects.bulk_create(ArticleTag(article=article, tag=tag) for tag in tags)


def finish(event: events.EventName, article: Article, *, viewer: User) -> schemas.Article:
    """Record the event with the article as an anonymous reader sees it; return the viewer's."""
    shown = get_article(slug=article.slug, viewer=viewer)
    author = shown.author.model_copy(update={"following": False})
    anonymous = shown.model_copy(update={"favorited": False, "author": author})
    events.record(
        event,
        article_id=article.pk,
        author_id=article.author_id,
        data=schemas.ArticleResponse(article=anonymous),
    )
    return shown
