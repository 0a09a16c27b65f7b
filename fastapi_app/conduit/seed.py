"""Fills an empty database with the demo site: `python -m conduit.seed`."""

from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import check, demo
from .accounts.models import Follow, User
from .accounts.passwords import get_hasher
from .articles.models import Article, ArticleTag, Favorite, Tag
from .articles.slugs import candidates_for
from .comments.models import Comment
from .database.engine import make_sync_engine, with_transactions
from .settings import load_settings


def seed(session: Session, password: str) -> None:
    if session.scalar(select(User.id).limit(1)) is not None:
        raise SystemExit("conduit: the database has users already: seed fills an empty one")
    users: dict[str, User] = {}
    for username, bio in demo.PEOPLE.items():
        users[username] = User(
            username=username,
            email=demo.email_of(username),
            password=password,
            bio=bio,
            created_at=demo.FIRST_CREATED_AT,
            is_staff=username == demo.ADMIN,
            is_superuser=username == demo.ADMIN,
        )
        session.add(users[username])
        session.flush()
    for follower, followed in demo.follows():
        session.add(Follow(follower_id=users[follower].id, followed_id=users[followed].id))
    slugs: set[str] = set()
    tags: dict[str, Tag] = {}
    for demo_article in demo.articles():
        candidates = chain.from_iterable(candidates_for(demo_article.title))
        slug = next(candidate for candidate in candidates if candidate not in slugs)
        slugs.add(slug)
        article = Article(
            author_id=users[demo_article.author].id,
            slug=slug,
            title=demo_article.title,
            description=demo_article.description,
            body=demo_article.body,
            created_at=demo_article.written_at,
            updated_at=demo_article.written_at,
        )
        session.add(article)
        for name in demo_article.tags:
            if name not in tags:
                tags[name] = Tag(name=name)
                session.add(tags[name])
        session.flush()
        for name in demo_article.tags:
            session.add(ArticleTag(article_id=article.id, tag_id=tags[name].id))
        for username in demo_article.favorited_by:
            session.add(Favorite(article_id=article.id, user_id=users[username].id))
        for demo_comment in demo_article.comments:
            session.add(
                Comment(
                    article_id=article.id,
                    author_id=users[demo_comment.author].id,
                    body=demo_comment.body,
                    created_at=demo_comment.written_at,
                    updated_at=demo_comment.written_at,
                )
            )
            session.flush()


def main() -> None:
    settings = load_settings()
    if settings.env == "production":
        raise SystemExit("conduit: seed is for development: the password of its users is published")
    check.require()
    password = get_hasher(settings).hash(demo.PASSWORD)
    engine = with_transactions(make_sync_engine(settings.database_url))
    with Session(engine) as session, session.begin():
        seed(session, password)


if __name__ == "__main__":
    main()
