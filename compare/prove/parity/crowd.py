"""Many users that write at the same time, through all three apps, on one database.

Each writer records the responses. At the end, the database must have exactly that, and all apps
must show the same: no write is lost or done twice, and no response is an internal error.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, LiteralString

import httpx2
import psycopg

from compare.prove.parity.apps import AppsUnderTest
from compare.prove.parity.engine.connection import Connection
from compare.prove.parity.engine.generator import Random
from compare.prove.parity.engine.stories import Step
from compare.run.apps import APPS

WRITERS_PER_APP = 3
WRITES = 24
"""The number of writes of each writer."""
TITLES = ("One title for all", "Another one", "Feed")
NAMES = ("wanted", "Wanted-too", "WANTED")
"""Names that all writers try to register; the first and the last differ only in case."""
SHARED = "everybodys-article"
DELETED = "article-that-is-deleted"
"""An article that others write to while its author, the first writer, deletes it."""
READS = (
    "/api/articles?limit=100",
    "/api/articles?limit=100&offset=100",
    "/api/articles/feed?limit=100",
    f"/api/articles/{SHARED}",
    f"/api/articles/{SHARED}/comments",
    "/api/tags",
    "/api/user",
)
OF_SHARED = f"JOIN articles ON articles.id = article_id WHERE slug = '{SHARED}'"
NAMED = "SELECT lower(username) FROM users WHERE lower(username) LIKE 'wanted%'"
ROWS: dict[str, LiteralString] = {
    "articles": "SELECT slug FROM articles",
    "tags in use": "SELECT DISTINCT name FROM article_tags JOIN tags ON tags.id = tag_id",
    "comments": f"SELECT comments.id FROM comments {OF_SHARED}",
    "favorites": f"SELECT username FROM favorites JOIN users ON users.id = user_id {OF_SHARED}",
    "follows": (
        "SELECT a.username || ' ' || b.username FROM follows"
        " JOIN users a ON a.id = follower_id JOIN users b ON b.id = followed_id"
    ),
    "names": NAMED,
    "wanted names": NAMED,
    "events": "SELECT id FROM events",
    "the counter of events": "SELECT value FROM event_counter",
}
"""What must be in the database, as queries with one column."""


class UnexpectedResponse(Exception):
    """A response that is wrong in any order of the writes."""


@dataclass
class Writer:
    """A user, and what the user's writes should have left in the database."""

    number: int
    connection: Connection
    rng: Random
    token: str = ""
    articles: dict[str, list[str]] = field(default_factory=dict)
    """The tags of the user's articles, by slug."""
    comments: set[int] = field(default_factory=set)
    follows: set[str] = field(default_factory=set)
    favorites: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    events: int = 0

    @property
    def name(self) -> str:
        return f"writer-{self.number}"

    def send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        headers = [("Content-Type", "application/json")]
        if self.token:
            headers.append(("Authorization", f"Token {self.token}"))
        content = None if body is None else json.dumps(body)
        self.connection.send(Step("", method, path, tuple(headers), content))
        return self.connection.receive()

    def ask(self, method: str, path: str, body: Any = None, *, allowed: Sequence[int]) -> Any:
        """The JSON of the response; raises `UnexpectedResponse` for another status."""
        response = self.send(method, path, body)
        if response.status_code not in allowed:
            raise UnexpectedResponse(
                f"{self.connection.service.name}: {method} {path} was answered"
                f" {response.status_code} {response.text[:200]}"
            )
        return response.json() if response.content else None

    # --- what is written

    def sign_up(self, name: str, *, allowed: Sequence[int]) -> Any:
        user = {"username": name, "email": f"{name}@example.com", "password": "password"}
        return self.ask("POST", "/api/users", {"user": user}, allowed=allowed)

    def want_name(self) -> None:
        name = self.rng.choice(NAMES)
        self.wanted.add(name.lower())
        if "user" in self.sign_up(name, allowed=[201, 409]):
            self.names.append(name.lower())

    def create_article(self, title: str | None = None) -> None:
        tags = [f"tag-{self.rng.randrange(12)}" for _ in range(3)]
        article = {"title": title or self.rng.choice(TITLES), "description": "x", "body": "x"}
        body = {"article": {**article, "tagList": tags}}
        created = self.ask("POST", "/api/articles", body, allowed=[201])["article"]
        self.articles[created["slug"]] = created["tagList"]
        self.events += 1

    def update_article(self) -> None:
        if slug := self.own_article():
            body = {"article": {"title": self.rng.choice(TITLES)}}
            updated = self.ask("PUT", f"/api/articles/{slug}", body, allowed=[200])["article"]
            self.articles[updated["slug"]] = self.articles.pop(slug)
            self.events += 1

    def delete_article(self) -> None:
        if slug := self.own_article():
            self.delete(slug)

    def delete(self, slug: str) -> None:
        self.ask("DELETE", f"/api/articles/{slug}", allowed=[204])
        del self.articles[slug]
        self.events += 1

    def tags(self) -> set[str]:
        return {tag for tags in self.articles.values() for tag in tags}

    def own_article(self) -> str | None:
        own = sorted(self.articles.keys() - {SHARED, DELETED})
        return self.rng.choice(own) if own else None

    def favorite(self, slug: str = SHARED, allowed: Sequence[int] = (200,)) -> None:
        answer = self.ask("POST", f"/api/articles/{slug}/favorite", allowed=allowed)
        if "article" in answer and slug not in self.favorites:
            self.favorites.add(slug)
            self.events += 1

    def unfavorite(self) -> None:
        self.ask("DELETE", f"/api/articles/{SHARED}/favorite", allowed=[200])
        if SHARED in self.favorites:
            self.favorites.remove(SHARED)
            self.events += 1

    def create_comment(self, slug: str = SHARED, allowed: Sequence[int] = (201,)) -> None:
        body = {"comment": {"body": f"by {self.name}"}}
        answer = self.ask("POST", f"/api/articles/{slug}/comments", body, allowed=allowed)
        if "comment" in answer:
            self.events += 1
            if slug == SHARED:
                self.comments.add(answer["comment"]["id"])

    def delete_comment(self) -> None:
        if self.comments:
            number = self.comments.pop()
            self.ask("DELETE", f"/api/articles/{SHARED}/comments/{number}", allowed=[204])
            self.events += 1

    def follow(self) -> None:
        other = f"writer-{self.rng.randrange(4)}"
        if other != self.name and self.rng.one_in(2):
            self.ask("POST", f"/api/profiles/{other}/follow", allowed=[200])
            self.follows.add(other)
        elif other != self.name:
            self.ask("DELETE", f"/api/profiles/{other}/follow", allowed=[200])
            self.follows.discard(other)

    def update_user(self) -> None:
        user = {"bio": f"number {self.rng.randrange(9)}"}
        self.ask("PUT", "/api/user", {"user": user}, allowed=[200])

    def write_to_deleted(self) -> None:
        if self.number > 0 and self.rng.one_in(2):
            self.favorite(DELETED, allowed=[200, 404])
        elif self.number > 0:
            self.create_comment(DELETED, allowed=[201, 404])
        elif DELETED in self.articles:
            self.delete(DELETED)

    def write(self) -> None:
        for action in self.rng.choices([*ACTIONS], [*ACTIONS.values()], k=WRITES):
            action(self)


ACTIONS: dict[Callable[[Writer], None], int] = {
    Writer.create_article: 3,
    Writer.update_article: 2,
    Writer.delete_article: 1,
    Writer.favorite: 2,
    Writer.unfavorite: 1,
    Writer.create_comment: 3,
    Writer.delete_comment: 1,
    Writer.follow: 2,
    Writer.want_name: 1,
    Writer.update_user: 1,
    Writer.write_to_deleted: 1,
}
"""The weight with which each action is chosen."""


def run_crowd(apps: AppsUnderTest, seed: str) -> list[str]:
    """Let the writers write to the empty database; returns what is wrong afterwards."""
    with ExitStack() as stack:
        writers = []
        for number, app in enumerate([*APPS] * WRITERS_PER_APP):
            connection = stack.enter_context(closing(Connection(app, apps.ports[app])))
            writers.append(Writer(number, connection, Random(f"{seed}.{number}")))
        try:
            for writer in writers:
                writer.token = writer.sign_up(writer.name, allowed=[201])["user"]["token"]
            for slug in (SHARED, DELETED):
                writers[0].create_article(slug.replace("-", " "))
            with ThreadPoolExecutor(len(writers)) as pool:
                list(pool.map(Writer.write, writers))
        except UnexpectedResponse as unexpected:
            return [str(unexpected)]
        return [*check_rows(writers, apps.urls[APPS[0]]), *check_reads(writers[: len(APPS)])]


def check_rows(writers: Sequence[Writer], url: str) -> Iterator[str]:
    """Compare the rows with what the writers recorded."""
    events = sum(writer.events for writer in writers)
    noted: dict[str, list[Any]] = {
        "articles": [slug for writer in writers for slug in writer.articles],
        "tags in use": list(set().union(*(writer.tags() for writer in writers))),
        "comments": [number for writer in writers for number in writer.comments],
        "favorites": [writer.name for writer in writers if SHARED in writer.favorites],
        "follows": [f"{writer.name} {other}" for writer in writers for other in writer.follows],
        "names": [name for writer in writers for name in writer.names],
        "wanted names": list(set().union(*(writer.wanted for writer in writers))),
        "events": list(range(1, events + 1)),
        "the counter of events": [events],
    }
    with psycopg.connect(url) as connection:
        for name, query in ROWS.items():
            rows = sorted(value for (value,) in connection.execute(query))
            if rows != sorted(noted[name]):
                yield f"{name}: there are {rows}, but {sorted(noted[name])} were written"


def check_reads(writers: Sequence[Writer]) -> Iterator[str]:
    """Compare the bytes that the apps show to one user; `writers` has one for each app."""
    for writer in writers:
        writer.token = writers[0].token
    for path in READS:
        if len({writer.send("GET", path).content for writer in writers}) > 1:
            yield f"GET {path} is answered differently"
