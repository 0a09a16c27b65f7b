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
            created_at=demo.FIRST_MOMENT,
            is_staff=username == demo.ADMIN,
            is_superuser=username == demo.ADMIN,
        )
        users[username].set_password(demo.PASSWORD)
        users[username].save()
    for follower, followed in demo.follows():
        Follow.objects.create(follower=users[follower], followed=users[followed])
    slugs: set[str] = set()
    tags: dict[str, Tag] = {}
    for story in demo.stories():
        candidates = chain.from_iterable(candidates_for(story.title))
        slug = next(candidate for candidate in candidates if candidate not in slugs)
        slugs.add(slug)
        article = Article.objects.create(
            author=users[story.author],
            slug=slug,
            title=story.title,
            description=story.description,
            body=story.body,
            created_at=story.written_at,
            updated_at=story.written_at,
        )
        for name in story.tags:
            if name not in tags:
                tags[name] = Tag.objects.create(name=name)
        for name in story.tags:
            ArticleTag.objects.create(article=article, tag=tags[name])
        for username in story.favorited_by:
            Favorite.objects.create(article=article, user=users[username])
        for remark in story.remarks:
            Comment.objects.create(
                article=article,
                author=users[remark.author],
                body=remark.body,
                created_at=remark.written_at,
                updated_at=remark.written_at,
            )
