"""Django's command `seed`: fills an empty database with the demo site."""

from itertools import chain
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from conduit import demo
from conduit.accounts.models import Follow, User
from conduit.articles.models import Article, ArticleTag, Favorite, Tag
from conduit.articles.slugs import candidates_for
from conduit.comments.models import Comment


class Command(BaseCommand):
    help = "Fills an empty database with the demo site."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("seed is for development: the password of its users is published")
        with transaction.atomic():
            seed()


def seed() -> None:
    if User.objects.exists():
        raise CommandError("the database has users already: seed fills an empty one")
    users: dict[str, User] = {}
    for username, bio in demo.PEOPLE.items():
        users[username] = User(
            username=username,
            email=demo.email_of(username),
            bio=bio,
            created_at=demo.FIRST_CREATED_AT,
            is_staff=username == demo.ADMIN,
            is_superuser=username == demo.ADMIN,
        )
        users[username].set_password(demo.PASSWORD)
        users[username].save()
    for follower, followed in demo.follows():
        Follow.objects.create(follower=users[follower], followed=users[followed])
    slugs: set[str] = set()
    tags: dict[str, Tag] = {}
    for demo_article in demo.articles():
        candidates = chain.from_iterable(candidates_for(demo_article.title))
        slug = next(candidate for candidate in candidates if candidate not in slugs)
        slugs.add(slug)
        article = Article.objects.create(
            author=users[demo_article.author],
            slug=slug,
            title=demo_article.title,
            description=demo_article.description,
            body=demo_article.body,
            created_at=demo_article.written_at,
            updated_at=demo_article.written_at,
        )
        for name in demo_article.tags:
            if name not in tags:
                tags[name] = Tag.objects.create(name=name)
        for name in demo_article.tags:
            ArticleTag.objects.create(article=article, tag=tags[name])
        for username in demo_article.favorited_by:
            Favorite.objects.create(article=article, user=users[username])
        for demo_comment in demo_article.comments:
            Comment.objects.create(
                article=article,
                author=users[demo_comment.author],
                body=demo_comment.body,
                created_at=demo_comment.written_at,
                updated_at=demo_comment.written_at,
            )
