"""What the apps should hold at each point of a story: users, articles and comments."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from compare.prove.parity import tokens, values
from compare.prove.parity.engine.generator import Generator, Random
from compare.prove.parity.engine.stories import Setting, Step, Story, fill, mark
from compare.run.apps import APPS
from compare.run.contract import Operation, Schema


@dataclass
class User:
    username: str
    email: str
    password: str
    tokens: list[str]
    """References, the newest last; a change of the password ends the ones before it."""


@dataclass
class Comment:
    id: str
    author: User


@dataclass
class Article:
    slug: str
    author: User
    comments: list[Comment] = field(default_factory=list)


class ConduitModel:
    """The users, articles and comments of one story, and those of the next request."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.users: list[User] = []
        self.articles: list[Article] = []
        self.old_slugs: list[str] = []
        """The slugs of articles that were deleted or renamed."""

    def needs_first(self, operation: Operation) -> str | None:
        if len(self.users) < 2 and (operation.token or "{username}" in operation.path):
            return "create_user"
        if not self.articles and "{slug}" in operation.path:
            return "create_article"
        return None

    def start(self, operation: Operation) -> None:
        rng, path = self.rng, operation.path
        self.operation = operation
        self.usual = True
        self.article = None
        if self.articles and "{slug}" in path:
            # Half of the requests are for the newest one, so that it gets a history.
            self.article = self.articles[-1] if rng.one_in(2) else rng.choice(self.articles)
        comments = self.article.comments if self.article and "{id}" in path else []
        self.comment = rng.choice(comments) if comments else None
        self.other = rng.choice(self.users) if self.users and "{username}" in path else None
        self.user = self._choose_user()

    def _choose_user(self) -> User | None:
        """The user of the request: mostly one that has the permission."""
        rng, users = self.rng, self.users
        if not users or (self.operation.token != "must" and rng.one_in(2)):
            return None
        owner = None
        if self.comment:
            owner = self.comment.author
        elif self.article and self.operation.name in ("update_article", "delete_article"):
            owner = self.article.author
        return owner if owner and not rng.one_in(4) else rng.choice(users)

    # --- values

    def field(self, name: str, schema: Schema, *, odd: bool) -> Any:
        rng, users, operation = self.rng, self.users, self.operation.name
        if odd:
            return values.odd_field(rng, name, schema)
        if operation == "login" and users:
            self.user = self.user or rng.choice(users)
            value: str = getattr(self.user, name)
            return value.swapcase() if name == "email" and rng.one_in(4) else value
        if name in ("username", "email") and users and rng.one_in(10):
            self.usual = False  # it is taken
            value = getattr(rng.choice(users), name)
            return value.swapcase() if rng.one_in(2) else value
        if operation == "create_user" and name == "email":
            return f"{values.username(rng)}.{rng.randrange(10**6)}@example.com"
        return values.usual_field(rng, name)

    def parameter(self, name: str, *, odd: bool) -> str:
        rng = self.rng
        if name == "username":
            if not self.other or odd:
                return encode(values.any_username(rng))
            return self.other.username.swapcase() if rng.one_in(6) else self.other.username
        if name == "slug" and self.article and not odd:
            return self.article.slug
        if name == "id" and self.comment and not odd:
            return self.comment.id
        self.usual = False
        if name == "id":
            return rng.choice(values.COMMENT_IDS)
        if self.old_slugs and rng.one_in(2):
            return rng.choice(self.old_slugs)
        return encode(values.text(rng))

    def query(self, name: str, schema: Schema, *, odd: bool) -> str:
        rng = self.rng
        if name in ("author", "favorited") and not odd:
            username = rng.choice(self.users).username if self.users else "nobody"
            return username.swapcase() if rng.one_in(4) else username
        return values.query_value(rng, name, schema, odd=odd)

    def authorization(self, *, odd: bool) -> str | None:
        rng = self.rng
        if odd:
            if self.user and rng.one_in(3):
                token = rng.choice(self.user.tokens) + rng.choice(["", "x", ".", "="])
                scheme = rng.choice([*values.BAD_AUTHORIZATIONS, *values.SCHEMES])
                return scheme.replace("<token>", token)
            if rng.one_in(2):
                return "Token " + rng.choice(tokens.GOOD)
            return None if rng.one_in(6) else "Token " + rng.choice(tokens.BAD)
        if not self.user:
            return None
        # An older token is valid as long as the password is the same.
        token = rng.choice(self.user.tokens) if rng.one_in(8) else self.user.tokens[-1]
        scheme = rng.choice(values.SCHEMES) if rng.one_in(8) else "Token <token>"
        return scheme.replace("<token>", token)

    # --- what a request changes

    def read_back(self, step: Step, path: str) -> tuple[str, str | None]:
        name, authorization = self.operation.name, step.header("authorization")
        if name in ("create_user", "login", "update_current_user"):
            return "/api/user", "Token " + mark(f"{step.name}.user.token")
        if name in ("create_article", "update_article"):
            return "/api/articles/" + mark(f"{step.name}.article.slug"), authorization
        if "{id}" in self.operation.path:
            return path.rpartition("/")[0], authorization
        return path.removesuffix("/follow").removesuffix("/favorite"), authorization

    def note(self, step: Step, content: Mapping[str, Any]) -> None:
        user, article, comment = self.user, self.article, self.comment
        token = mark(f"{step.name}.user.token")
        slug = mark(f"{step.name}.article.slug")
        match self.operation.name:
            case "create_user" if not self._is_taken(content["username"]):
                self.users.append(User(**content, tokens=[token]))
            case "login" if user:
                user.tokens.append(token)
            case "update_current_user" if user:
                if not self._is_taken(content.get("username", ""), by_other_than=user):
                    for name in {"username", "email", "password"} & content.keys():
                        setattr(user, name, content[name])
                    user.tokens.append(token)
            case "create_article" if user:
                self.articles.append(Article(slug, user))
            case "update_article" if article and user is article.author and "title" in content:
                self.old_slugs.append(article.slug)
                article.slug = slug
            case "delete_article" if article and user is article.author:
                self.articles.remove(article)
                self.old_slugs.append(article.slug)
            case "create_article_comment" if article and user:
                article.comments.append(Comment(mark(f"{step.name}.comment.id"), user))
            case "delete_article_comment" if article and comment and user is comment.author:
                article.comments.remove(comment)

    def _is_taken(self, username: str, *, by_other_than: User | None = None) -> bool:
        others = [user for user in self.users if user is not by_other_than]
        return username.lower() in (other.username.lower() for other in others)


def encode(text: str) -> str:
    """The text as a part of a path."""
    return quote(fill(text, {}), safe="")


def make_stories(seed: int, operations: Sequence[Operation], setting: Setting) -> Iterator[Story]:
    """Stories without end, always the same for the same seed.

    Each story has a seed of its own, so a run of 3,000 steps begins like one of 300.
    """
    for number in itertools.count():
        yield make_story(f"{seed}.{number}", operations, setting)


def make_story(seed: str, operations: Sequence[Operation], setting: Setting) -> Story:
    """The story of a seed, which is any text."""
    rng = Random(seed)
    writers = [app.name for app in APPS] if setting == "one database" else []
    return Generator(rng, operations, values.VOCABULARY, ConduitModel(rng), writers).story()
