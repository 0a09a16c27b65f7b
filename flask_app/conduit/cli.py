"""Commands of the app: `flask --app conduit db upgrade`, `check`, `seed`."""

from itertools import chain
from typing import Any

import click
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from . import check, demo
from .accounts.models import Follow, User
from .accounts.passwords import hash_password
from .articles.models import Article, ArticleTag, Favorite, Tag
from .articles.slugs import candidates_for
from .comments.models import Comment
from .database import db


class AlembicGroup(AppGroup):
    def invoke(self, context: click.Context) -> Any:
        """Show Alembic's errors as one line, not as a traceback."""
        try:
            return super().invoke(context)
        except CommandError as error:
            raise click.ClickException(str(error)) from error


db_commands = AlembicGroup("db", help="Migrate the database with Alembic.")


def register(app: Flask) -> None:
    app.shell_context_processor(get_shell_names)
    app.cli.add_command(db_commands)
    app.cli.add_command(check_command)
    app.cli.add_command(seed_command)


def get_shell_names() -> dict[str, Any]:
    """The names that are available in `flask shell`."""
    return {each.__name__: each for each in (User, Follow, Article, Tag, Comment)} | {"db": db}


def alembic_config() -> Config:
    config = Config(check.MIGRATIONS.parent / "alembic.ini")
    # A percent sign refers to another option in such a file.
    config.set_main_option("script_location", str(check.MIGRATIONS).replace("%", "%%"))
    return config


@db_commands.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Apply the migrations up to a revision."""
    command.upgrade(alembic_config(), revision)


# `-1` is a revision, not an option.
@db_commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision", default="-1")
def downgrade(revision: str) -> None:
    """Revert the migrations down to a revision."""
    command.downgrade(alembic_config(), revision)


@db_commands.command()
@click.option("-m", "--message", required=True, help="What the migration does.")
def revision(message: str) -> None:
    """Create the next migration from the changes in the models."""
    command.revision(alembic_config(), message, autogenerate=True)


@db_commands.command()
def current() -> None:
    """Show the revision of the database."""
    command.current(alembic_config(), verbose=True)


@db_commands.command()
def history() -> None:
    """List the revisions, the newest first."""
    command.history(alembic_config())


@db_commands.command()
@click.argument("revision", default="head")
def stamp(revision: str) -> None:
    """Record a revision as applied, without running it."""
    command.stamp(alembic_config(), revision)


@db_commands.command()
@click.option("-m", "--message", required=True, help="What the migration does.")
def merge(message: str) -> None:
    """Create a migration that merges two heads."""
    command.merge(alembic_config(), "heads", message)


@click.command("check")
@with_appcontext
def check_command() -> None:
    """Check the settings and the database, before the server starts."""
    check.require(current_app.config["DATABASE_URL"])


@click.command("seed")
@with_appcontext
def seed_command() -> None:
    """Fill an empty database with the demo site."""
    if current_app.config["ENV"] == "production":
        raise click.ClickException(
            "seed is for development: the password of its users is published"
        )
    password = hash_password(demo.PASSWORD)
    with db.begin() as session:
        seed(session, password)


def seed(session: Session, password: str) -> None:
    if session.scalar(select(User.id).limit(1)) is not None:
        raise click.ClickException("the database has users already: seed fills an empty one")
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
