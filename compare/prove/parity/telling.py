"""Stories made up by Hypothesis: users who write, read, follow and like, and people who mean harm.

The teller knows what ought to be there by now (who has signed up, what was written), so that most
steps reach something. Where it is wrong about that, the story is only a less usual one.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from compare.prove.parity import values
from compare.prove.parity.stories import LONGEST, Setting, Step, Story, mark
from compare.run.apps import APPS
from compare.run.contract import Operation

T = TypeVar("T")
Header = tuple[str, str]
Read = tuple[str, Sequence[Header]]
"""The target and the headers of a GET."""

WEIGHTS = {
    "login": 3,
    "create_user": 5,
    "get_current_user": 3,
    "update_current_user": 6,
    "get_profile_by_username": 4,
    "follow_user_by_username": 6,
    "unfollow_user_by_username": 3,
    "get_articles_feed": 6,
    "get_articles": 12,
    "create_article": 12,
    "get_article": 5,
    "update_article": 9,
    "delete_article": 3,
    "get_article_comments": 6,
    "create_article_comment": 9,
    "delete_article_comment": 5,
    "create_article_favorite": 7,
    "delete_article_favorite": 4,
    "get_tags": 4,
}
"""How often an operation comes among the others; any that is not named here, once."""
OTHER_ROUTES = "other routes"
OTHER_ROUTES_WEIGHT = 8
LONGEST_TARGET = 3800
"""So that the request line has at most 4,000 bytes, once a slug stands in place of its mark."""
ODD_IN = 10
"""One in so many tokens, paths, queries and bodies is odd."""


@dataclass
class Person:
    username: str
    email: str
    password: str
    tokens: list[str]
    """Marks, the newest last; a password change ends those before it."""


@dataclass
class Comment:
    id: str
    author: Person


@dataclass
class Article:
    slug: str
    author: Person
    comments: list[Comment] = field(default_factory=list)


@cache
def below(size: int) -> st.SearchStrategy[int]:
    return st.integers(0, size - 1)


class Teller:
    """Makes up one story."""

    def __init__(self, draw: st.DrawFn, operations: Sequence[Operation], setting: Setting) -> None:
        self.draw = draw
        self.setting = setting
        self.operations = {operation.name: operation for operation in operations}
        self.choices = [name for name in self.operations for _ in range(WEIGHTS.get(name, 1))] + [
            OTHER_ROUTES
        ] * OTHER_ROUTES_WEIGHT
        self.people: list[Person] = []
        self.articles: list[Article] = []
        self.gone: list[str] = []
        """Slugs of articles that were deleted or renamed."""
        self.steps: list[Step] = []

    def tell(self) -> Story:
        while len(self.steps) < LONGEST:
            self.add(self.choose())
        return Story(tuple(self.steps[:LONGEST]), self.setting)

    # --- drawing

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.draw(below(len(choices)))]

    def once_in(self, times: int) -> bool:
        return self.draw(below(times)) == times - 1

    # --- what is asked

    def choose(self) -> str:
        name = self.pick(self.choices)
        if name == OTHER_ROUTES:
            return name
        operation = self.operations[name]
        if len(self.people) < 2 and (operation.token or "{username}" in operation.path):
            return "create_user"
        if not self.articles and "{slug}" in operation.path:
            return "create_article"
        return name

    def add(self, name: str) -> None:
        if name == OTHER_ROUTES:
            self.visit_other_route()
        else:
            Asking(self, self.operations[name]).add()

    def visit_other_route(self) -> None:
        method = self.pick(values.METHODS) if self.once_in(3) else "GET"
        target = self.pick(values.ROUTES)
        headers = [self.pick(values.HEADERS)] if self.once_in(3) else []
        self.send(method, target, headers)

    def send(
        self,
        method: str,
        target: str,
        headers: Sequence[Header],
        body: str | None = None,
        *,
        read: Read | None = None,
    ) -> None:
        """Add a step; on one database a write goes to one app, and `read` asks all of it."""
        chunked = body is not None and self.once_in(25)
        app = None
        if self.setting == "one database" and method not in ("GET", "HEAD", "OPTIONS"):
            app = self.pick(APPS).name
        self.steps.append(Step(self.next_name, method, target, tuple(headers), body, chunked, app))
        if app and read:
            target, headers = read
            self.steps.append(Step(self.next_name, "GET", target, tuple(headers)))

    @property
    def next_name(self) -> str:
        return str(len(self.steps) + 1)

    def refer(self, path: str) -> str:
        """A mark for what the next step will be answered."""
        return mark(f"{self.next_name}.{path}")


class Asking:
    """Makes up one request of an operation, and notes what it changes."""

    def __init__(self, teller: Teller, operation: Operation) -> None:
        self.teller = teller
        self.operation = operation
        self.usual = True
        """Whether nothing is odd so far, so that the operation should succeed."""
        people, articles = teller.people, teller.articles
        self.article = teller.pick(articles) if articles and "{slug}" in operation.path else None
        self.comment: Comment | None = None
        self.other = teller.pick(people) if people and "{username}" in operation.path else None
        self.person = self.choose_person()

    def choose_person(self) -> Person | None:
        """Whoever asks: mostly one who may."""
        teller = self.teller
        if not teller.people or (self.operation.token != "must" and teller.once_in(2)):
            return None
        owner = None
        if self.article and self.operation.name in ("update_article", "delete_article"):
            owner = self.article.author
        if self.article and self.article.comments and "{id}" in self.operation.path:
            self.comment = teller.pick(self.article.comments)
            owner = self.comment.author
        return teller.pick(teller.people) if owner is None or teller.once_in(4) else owner

    def is_odd(self) -> bool:
        odd = self.teller.once_in(ODD_IN)
        self.usual = self.usual and not odd
        return odd

    def add(self) -> None:
        teller, operation = self.teller, self.operation
        content = self.make_content()
        body = self.write(content) if content is not None else self.make_idle_body()
        path = self.make_path()
        target = path + self.make_query()
        if len(target) > LONGEST_TARGET:
            target, self.usual = self.operation.path, False
        headers = self.make_headers(body is not None)
        method = operation.method
        if teller.once_in(14):
            method, more = self.make_other_method(method)
            headers += more
            self.usual = self.usual and method == operation.method
        note = self.make_note(content) if self.usual else None
        teller.send(method, target, headers, body, read=self.make_read(path, headers))
        if note:
            note()

    # --- the parts of a request

    def make_path(self) -> str:
        path = self.operation.path
        if "{username}" in path:
            path = path.replace("{username}", self.make_username())
        if "{slug}" in path:
            path = path.replace("{slug}", self.make_slug())
        if "{id}" in path:
            path = path.replace("{id}", self.make_id())
        return self.teller.pick(values.PATH_CHANGES)(path) if self.is_odd() else path

    def make_username(self) -> str:
        teller = self.teller
        if not self.other or self.is_odd():
            return quote(teller.draw(values.names_asked_for), safe="")
        if teller.once_in(6):
            return self.other.username.swapcase()
        return self.other.username

    def make_slug(self) -> str:
        teller = self.teller
        if self.article and not self.is_odd():
            return self.article.slug
        self.usual = False
        if teller.gone and teller.once_in(2):
            return teller.pick(teller.gone)
        return quote(teller.draw(values.texts), safe="")

    def make_id(self) -> str:
        if self.comment and not self.is_odd():
            return self.comment.id
        self.usual = False
        return self.teller.pick(values.COMMENT_IDS)

    def make_query(self) -> str:
        teller = self.teller
        pairs = []
        for name, schema in self.operation.query.items():
            required = name in self.operation.required_query
            if teller.once_in(3 * ODD_IN) if required else not teller.once_in(3):
                continue
            usual, odd = self.query_values(name, schema)
            pairs.append(f"{name}={teller.pick(odd if self.is_odd() else usual)}")
        if teller.once_in(25):
            more = [pair for pair in values.PAIRS if not self.repeats([*pairs, pair])]
            pairs.append(teller.pick(more))
        return "?" + "&".join(pairs) if pairs else ""

    def repeats(self, pairs: Sequence[str]) -> bool:
        """Whether a parameter of the operation is there twice: which one counts is not said."""
        names = [name for name, _ in parse_qsl("&".join(pairs), keep_blank_values=True)]
        return any(names.count(name) > 1 for name in self.operation.query)

    def query_values(self, name: str, schema: Any) -> tuple[Sequence[str], Sequence[str]]:
        if name in values.QUERIES:
            return values.QUERIES[name]
        if schema.get("type") == "integer":
            return values.NUMBERS, values.ODD_NUMBERS
        if name in ("author", "favorited"):
            names = [person.username for person in self.teller.people] or ["nobody"]
            return [*names, self.teller.pick(names).swapcase()], values.ODD_TEXTS
        return values.TAGS_ASKED_FOR, values.ODD_TEXTS

    def make_headers(self, has_body: bool) -> list[Header]:
        teller = self.teller
        headers = []
        authorization = self.make_authorization()
        if authorization is not None:
            headers.append(("Authorization", authorization))
        media_type = self.make_media_type() if has_body else None
        if media_type is not None:
            headers.append(("Content-Type", media_type))
        if teller.once_in(6):
            headers.append(teller.pick(values.HEADERS))
        return headers

    def make_authorization(self) -> str | None:
        teller = self.teller
        if self.is_odd():
            if teller.once_in(3) and self.person:
                token = teller.pick(self.person.tokens) + teller.pick(("", "x", ".", "="))
                return teller.pick(values.BAD_AUTHORIZATIONS + values.SCHEMES).format(token, token)
            if teller.once_in(2):
                return "Token " + teller.pick(values.HONEST)
            if teller.once_in(6):
                return None
            return "Token " + teller.pick(values.DISHONEST)
        if not self.person:
            return None
        # An older token is good as long as the password is the same.
        tokens = self.person.tokens
        token = teller.pick(tokens) if teller.once_in(8) else tokens[-1]
        scheme = teller.pick(values.SCHEMES) if teller.once_in(8) else "Token {}"
        return scheme.format(token)

    def make_idle_body(self) -> str | None:
        """What an operation that takes no body has to ignore."""
        return self.teller.pick(values.IDLE_BODIES) if self.teller.once_in(25) else None

    def make_media_type(self) -> str | None:
        teller = self.teller
        if teller.once_in(8):
            return teller.pick(values.JSON_TYPES)
        if not self.is_odd():
            return "application/json"
        return None if teller.once_in(4) else teller.pick(values.OTHER_TYPES)

    def make_content(self) -> dict[str, Any] | None:
        """The fields that are sent under the envelope."""
        teller, envelope = self.teller, self.operation.body
        if not envelope:
            return None
        content = {}
        for name, schema in envelope.fields.items():
            if name not in envelope.required and not teller.once_in(2):
                continue
            usual, odd = values.field_values(name, schema)
            content[name] = self.make_known(name) or teller.draw(usual)
            if teller.once_in(ODD_IN * 2):
                self.usual = False
                if teller.once_in(6):
                    del content[name]
                else:
                    content[name] = teller.draw(odd)
        return content

    def make_known(self, name: str) -> Any:
        """A value that goes with what is there already."""
        teller, operation = self.teller, self.operation.name
        if operation == "login" and teller.people:
            self.person = self.person or teller.pick(teller.people)
            value: str = getattr(self.person, name)
            return value.swapcase() if name == "email" and teller.once_in(4) else value
        taken = name in ("username", "email") and teller.people and teller.once_in(10)
        if taken:
            self.usual = False
            value = getattr(teller.pick(teller.people), name)
            return value.swapcase() if teller.once_in(2) else value
        if operation == "create_user" and name == "email":
            return f"{self.teller.pick(values.NAMES)}.{teller.next_name}@example.com"
        return None

    def write(self, content: dict[str, Any]) -> str:
        """The body, written in one of the many ways of writing JSON."""
        teller, envelope = self.teller, self.operation.body
        assert envelope is not None
        style = teller.draw(below(24))
        if style == 0:
            content = dict(reversed(content.items()))
        elif style == 1:
            content = {"id": 1, "slug": "x", "author": {}, **content, "tag_list": [], "": None}
        body = values.write_json(
            {envelope.name: content}, escaped=style == 2, indent=1 if style == 3 else None
        )
        if style == 4:
            body = body.replace(f'{{"{envelope.name}": {{', f'{{"{envelope.name}": {{"body": 1, ')
        elif style == 5:
            body = f'{{"{envelope.name}": null, "x": [1e5, -0.0, "\\ud83d\\ude00"], {body[1:]}'
        elif style == 6:
            body = body.replace(
                envelope.name, f"\\u{ord(envelope.name[0]):04x}{envelope.name[1:]}", 1
            )
        return teller.pick(values.MANGLINGS)(body) if self.is_odd() else body

    def make_other_method(self, method: str) -> tuple[str, list[Header]]:
        teller = self.teller
        if method == "GET" and teller.once_in(2):
            return "HEAD", []
        if not teller.once_in(3):
            return teller.pick(values.METHODS), []
        headers = [("Origin", teller.pick(values.ORIGINS))] if not teller.once_in(4) else []
        if not teller.once_in(4):
            headers.append(("Access-Control-Request-Method", teller.pick(values.REQUESTED)))
        return "OPTIONS", headers

    def make_read(self, path: str, headers: list[Header]) -> Read:
        """A GET that shows what this operation changes."""
        name, refer = self.operation.name, self.teller.refer
        if name in ("create_user", "login", "update_current_user"):
            return "/api/user", [("Authorization", f"Token {refer('user.token')}")]
        own = [header for header in headers if header[0] == "Authorization"]
        if name in ("create_article", "update_article"):
            return f"/api/articles/{refer('article.slug')}", own
        if "{id}" in self.operation.path:
            return path.rpartition("/")[0], own
        return path.removesuffix("/follow").removesuffix("/favorite"), own

    def make_note(self, content: dict[str, Any] | None) -> Callable[[], None] | None:
        """What the teller has to remember, if the operation succeeds as it should."""
        match self.operation.name, content, self.person:
            case "create_user", dict(), _:
                return self.note_user(content)
            case "login", _, Person() as person:
                token = self.teller.refer("user.token")
                return lambda: person.tokens.append(token)
            case "update_current_user", dict(), Person() as person:
                return self.note_update(content, person)
            case "create_article", _, Person() as person:
                article = Article(self.teller.refer("article.slug"), person)
                return lambda: self.teller.articles.append(article)
            case _, _, Person() as person if self.article:
                return self.note_article(content or {}, self.article, person)
        return None

    def note_user(self, content: dict[str, Any]) -> Callable[[], None] | None:
        token = self.teller.refer("user.token")
        person = Person(**content, tokens=[token])
        if self.is_taken(person.username):
            return None
        return lambda: self.teller.people.append(person)

    def note_update(self, content: dict[str, Any], person: Person) -> Callable[[], None] | None:
        token = self.teller.refer("user.token")
        if self.is_taken(content.get("username", ""), person):
            return None

        def note() -> None:
            for name in ("username", "email", "password"):
                setattr(person, name, content.get(name, getattr(person, name)))
            person.tokens.append(token)

        return note

    def is_taken(self, username: str, by_other_than: Person | None = None) -> bool:
        people = self.teller.people
        return any(
            person is not by_other_than and person.username.lower() == username.lower()
            for person in people
        )

    def note_article(
        self, content: dict[str, Any], article: Article, person: Person
    ) -> Callable[[], None] | None:
        teller, comment = self.teller, self.comment
        match self.operation.name:
            case "update_article" if person is article.author and "title" in content:
                slug = teller.refer("article.slug")

                def rename() -> None:
                    teller.gone.append(article.slug)
                    article.slug = slug

                return rename
            case "delete_article" if person is article.author:

                def delete() -> None:
                    teller.articles.remove(article)
                    teller.gone.append(article.slug)

                return delete
            case "create_article_comment":
                written = Comment(teller.refer("comment.id"), person)
                return lambda: article.comments.append(written)
            case "delete_article_comment" if comment and person is comment.author:
                return lambda: article.comments.remove(comment)
        return None


@st.composite
def stories(draw: st.DrawFn, operations: Sequence[Operation], setting: Setting) -> Story | None:
    # Hypothesis begins with the simplest: no story at all, instead of a hundred dull steps.
    return Teller(draw, operations, setting).tell() if draw(st.booleans()) else None


def tell_stories(number: int, operations: Sequence[Operation], setting: Setting) -> Iterator[Story]:
    """Stories without an end: the same for the same seed `number`."""
    for part in itertools.count():
        yield draw_story(f"{number}.{part}", operations, setting)


def draw_story(source: str, operations: Sequence[Operation], setting: Setting) -> Story:
    """The story of a seed, which is any text."""
    drawn: list[Story] = []

    @seed(source)
    @settings(
        max_examples=2,  # the simplest one, and one at random
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(stories(operations, setting))
    def collect(story: Story | None) -> None:
        if story:
            drawn.append(story)

    collect()
    return drawn[0]
