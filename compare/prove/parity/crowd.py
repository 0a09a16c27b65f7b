"""Many people who write at once, through all three apps, on one database.

Whoever writes notes what was answered. When all have finished, every app must show the sum of it:
no write is lost, none is done twice, and nobody was told of an internal error.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import psycopg

from compare.prove.parity.lines import Line
from compare.prove.parity.stories import Request
from compare.run.apps import App

WRITERS_PER_APP = 3
WRITES = 24
"""How many each of them makes."""
TITLES = ("One title for all", "Another one", "Feed")
CONTESTED = ("wanted", "Wanted-too", "WANTED")
"""Names and emails that all of them try to have; the last is the first, as names go."""
HOME = "everybodys-article"
DOOMED = "article-of-writer-0-that-goes"


class Unexpected(Exception):
    """An answer that no order of the writes explains."""


@dataclass
class CrowdMember:
    """A user, and what this user has been told."""

    number: int
    app: App
    line: Line
    chance: random.Random
    token: str = ""
    articles: set[str] = field(default_factory=set)
    comments: set[int] = field(default_factory=set)
    tags: dict[str, list[str]] = field(default_factory=dict)
    follows: set[str] = field(default_factory=set)
    likes: bool = False
    likes_doomed: bool = False
    wanted: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    events: int = 0

    @property
    def name(self) -> str:
        return f"writer-{self.number}"

    def ask(self, method: str, path: str, body: Any = None, *, allowed: Sequence[int]) -> Any:
        """The JSON of the answer, which has one of the statuses; raises `Unexpected`."""
        headers = [("Content-Type", "application/json")]
        if self.token:
            headers.append(("Authorization", f"Token {self.token}"))
        content = None if body is None else json.dumps(body).encode()
        self.line.send(Request(method, path, headers, content, chunked=False))
        response = self.line.receive()
        if response.status_code not in allowed:
            raise Unexpected(
                f"{self.app.name}: {method} {path} was answered {response.status_code}"
                f" {response.text[:200]}"
            )
        return response.json() if response.content else None

    # --- what is written

    def sign_up(self) -> None:
        user = {
            "username": self.name,
            "email": f"{self.name}@example.com",
            "password": "password",
        }
        self.token = self.ask("POST", "/api/users", {"user": user}, allowed=[201])["user"]["token"]

    def write_article(self, title: str | None = None) -> None:
        tags = [f"tag-{self.chance.randrange(12)}" for _ in range(3)]
        article = {
            "title": title or self.chance.choice(TITLES),
            "description": "x",
            "body": "x",
            "tagList": tags,
        }
        answer = self.ask("POST", "/api/articles", {"article": article}, allowed=[201])["article"]
        self.articles.add(answer["slug"])
        self.tags[answer["slug"]] = answer["tagList"]
        self.events += 1

    def rewrite_article(self) -> None:
        if slug := self.own_article():
            title = self.chance.choice(TITLES)
            answer = self.ask(
                "PUT", f"/api/articles/{slug}", {"article": {"title": title}}, allowed=[200]
            )
            self.articles.remove(slug)
            self.articles.add(answer["article"]["slug"])
            self.tags[answer["article"]["slug"]] = self.tags.pop(slug)
            self.events += 1

    def delete_article(self) -> None:
        if slug := self.own_article():
            self.ask("DELETE", f"/api/articles/{slug}", allowed=[204])
            self.articles.remove(slug)
            del self.tags[slug]
            self.events += 1

    def own_article(self) -> str | None:
        own = sorted(self.articles - {HOME, DOOMED})
        return self.chance.choice(own) if own else None

    def like(self) -> None:
        method = "DELETE" if self.chance.random() < 0.4 else "POST"
        self.ask(method, f"/api/articles/{HOME}/favorite", allowed=[200])
        self.events += self.likes != (method == "POST")
        self.likes = method == "POST"

    def comment(self) -> None:
        body = {"comment": {"body": f"by {self.name}"}}
        answer = self.ask("POST", f"/api/articles/{HOME}/comments", body, allowed=[201])
        self.comments.add(answer["comment"]["id"])
        self.events += 1

    def remove_comment(self) -> None:
        if self.comments:
            number = self.comments.pop()
            self.ask("DELETE", f"/api/articles/{HOME}/comments/{number}", allowed=[204])
            self.events += 1

    def follow(self) -> None:
        other = f"writer-{(self.number + self.chance.randrange(1, 4)) % 4}"
        if other != self.name:
            method = "DELETE" if self.chance.random() < 0.4 else "POST"
            self.ask(method, f"/api/profiles/{other}/follow", allowed=[200])
            (self.follows.add if method == "POST" else self.follows.discard)(other)

    def want_name(self) -> None:
        name = self.chance.choice(CONTESTED)
        user = {"username": name, "email": f"{name}@example.com", "password": "password"}
        self.wanted.add(name.lower())
        answer = self.ask("POST", "/api/users", {"user": user}, allowed=[201, 409])
        if "user" in answer:
            self.names.append(name)

    def change_oneself(self) -> None:
        user = {"bio": f"number {self.chance.randrange(9)}"}
        self.ask("PUT", "/api/user", {"user": user}, allowed=[200])

    def visit_doomed(self) -> None:
        """Write to an article that its author may delete at this moment."""
        if self.number == 0:
            if DOOMED in self.articles:
                self.ask("DELETE", f"/api/articles/{DOOMED}", allowed=[204])
                self.articles.discard(DOOMED)
                self.tags.pop(DOOMED, None)
                self.events += 1
        elif self.chance.random() < 0.5:
            answer = self.ask("POST", f"/api/articles/{DOOMED}/favorite", allowed=[200, 404])
            self.events += "article" in answer and not self.likes_doomed
            self.likes_doomed = self.likes_doomed or "article" in answer
        else:
            body = {"comment": {"body": "too late?"}}
            path = f"/api/articles/{DOOMED}/comments"
            answer = self.ask("POST", path, body, allowed=[201, 404])
            self.events += "comment" in answer

    def write(self) -> None:
        for _ in range(WRITES):
            self.chance.choice(WRITING)(self)


WRITING: Sequence[Callable[[CrowdMember], None]] = (
    CrowdMember.write_article,
    CrowdMember.write_article,
    CrowdMember.write_article,
    CrowdMember.rewrite_article,
    CrowdMember.rewrite_article,
    CrowdMember.delete_article,
    CrowdMember.like,
    CrowdMember.like,
    CrowdMember.like,
    CrowdMember.comment,
    CrowdMember.comment,
    CrowdMember.comment,
    CrowdMember.remove_comment,
    CrowdMember.follow,
    CrowdMember.follow,
    CrowdMember.want_name,
    CrowdMember.change_oneself,
    CrowdMember.visit_doomed,
)


def let_crowd_write(ports: Mapping[App, int], url: str, seed: str) -> list[str]:
    """Let all of them write on the empty database at `url`: what is wrong afterwards."""
    with ExitStack() as stack:
        writers = [
            CrowdMember(
                number,
                app,
                stack.enter_context(closing(Line(port))),
                random.Random(f"{seed}.{number}"),
            )
            for number, (app, port) in enumerate([*ports.items()] * WRITERS_PER_APP)
        ]
        try:
            for writer in writers:
                writer.sign_up()
            for slug in (HOME, DOOMED):
                writers[0].write_article(slug.replace("-", " "))
            with ThreadPoolExecutor(len(writers)) as pool:
                list(pool.map(CrowdMember.write, writers))
            return [
                *wrong_counts(writers),
                *wrong_bytes(writers[: len(ports)]),
                *wrong_events(writers, url),
            ]
        except Unexpected as unexpected:
            return [str(unexpected)]


def wrong_counts(writers: Sequence[CrowdMember]) -> Iterator[str]:
    """What an app shows that is not the sum of what the writers were told."""
    slugs = Counter(slug for writer in writers for slug in writer.articles)
    comments = sorted(number for writer in writers for number in writer.comments)
    likes = sum(writer.likes for writer in writers)
    tags = {tag for writer in writers for used in writer.tags.values() for tag in used}
    names = Counter(name.lower() for writer in writers for name in writer.names)
    wanted = set().union(*(writer.wanted for writer in writers))
    if twice := [slug for slug, count in slugs.items() if count > 1]:
        yield f"two articles were told to have the slug {twice[0]}"
    if names != Counter(wanted):
        yield f"of the names {sorted(wanted)} were given {dict(names)}"
    for writer in writers:
        app = writer.app.name
        shown = list(all_articles(writer))
        if sorted(shown) != sorted(slugs):
            yield f"{app}: {len(shown)} articles are shown, {len(slugs)} were written"
        article = writer.ask("GET", f"/api/articles/{HOME}", allowed=[200])["article"]
        if article["favoritesCount"] != likes:
            yield f"{app}: {article['favoritesCount']} favorites, {likes} were made"
        answer = writer.ask("GET", f"/api/articles/{HOME}/comments", allowed=[200])
        numbers = [comment["id"] for comment in answer["comments"]]
        if numbers != comments[::-1]:
            yield f"{app}: the comments are {numbers}, {comments[::-1]} were written"
        answer = writer.ask("GET", "/api/tags", allowed=[200])
        if set(answer["tags"]) != tags:
            yield f"{app}: the tags are {sorted(answer['tags'])}, {sorted(tags)} are in use"
        for other in writers:
            path = f"/api/profiles/{other.name}"
            profile = writer.ask("GET", path, allowed=[200])["profile"]
            if profile["following"] != (other.name in writer.follows):
                yield f"{app}: {writer.name} follows {other.name}: {profile['following']}"


def wrong_bytes(writers: Sequence[CrowdMember]) -> Iterator[str]:
    """Whether an app shows the whole otherwise than the others; one writer is enough for each."""
    token = writers[0].token
    for path in ("/api/articles?limit=100", f"/api/articles/{HOME}", "/api/tags", "/api/user"):
        shown = []
        for writer in writers:
            headers = [("Authorization", f"Token {token}")]
            writer.line.send(Request("GET", path, headers, None, chunked=False))
            shown.append(writer.line.receive().content)
        if len(set(shown)) > 1:
            yield f"GET {path} is answered differently"


def all_articles(writer: CrowdMember) -> Iterator[str]:
    """The slugs of all articles, page by page."""
    total = 1
    for offset in range(0, 10_000, 100):
        if offset >= total:
            return
        path = f"/api/articles?limit=100&offset={offset}"
        answer = writer.ask("GET", path, allowed=[200])
        total = answer["articlesCount"]
        yield from (article["slug"] for article in answer["articles"])


def wrong_events(writers: Sequence[CrowdMember], url: str) -> Iterator[str]:
    """Whether each change that has an event has one, with ids that follow one another."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id FROM events ORDER BY id").fetchall()
        counter = connection.execute("SELECT value FROM event_counter").fetchone()
    numbers = [number for (number,) in rows]
    written = sum(writer.events for writer in writers)
    if numbers != list(range(1, written + 1)):
        yield f"{len(numbers)} events with ids up to {max(numbers)}, {written} were due"
    if counter != (written,):
        yield f"the counter of events is at {counter}, not at {written}"
