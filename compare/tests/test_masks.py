"""What parity does not compare, and what it still compares."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest

from compare.prove.parity.engine.connection import make_response
from compare.prove.parity.engine.player import PlayedAnswer
from compare.prove.parity.engine.stories import Setting, Step
from compare.prove.parity.masks import Masks
from compare.prove.parity.tokens import LIFETIME, SECRET
from compare.run.apps import DJANGO, FLASK


def request(
    path: str = "/api/articles", method: str = "GET", headers: dict[str, str] | None = None
) -> Step:
    return Step("1", method, path, tuple((headers or {}).items()))


def response(
    content: Any, status: int = 200, headers: dict[str, str] | None = None
) -> httpx2.Response:
    if not isinstance(content, bytes):
        content = json.dumps(content, separators=(",", ":")).encode()
    return make_response(status, list((headers or {}).items()), content)


def equal(
    one: httpx2.Response,
    other: httpx2.Response,
    asked: Step | None = None,
    setting: Setting = "apart",
) -> bool:
    """Whether two apps gave equal answers to the first step of a story."""
    asked = asked or request()
    first = PlayedAnswer(DJANGO, asked, one, Masks(setting))
    return first == PlayedAnswer(FLASK, asked, other, Masks(setting))


def time(**ago: float) -> str:
    point = datetime.now(UTC) - timedelta(**ago)
    return point.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def token(*, key: str = SECRET, **changes: Any) -> str:
    issued = int(datetime.now(UTC).timestamp()) - changes.pop("ago", 0)
    lifetime = {"iat": issued, "exp": issued + LIFETIME}
    claims = {"sub": "1", **lifetime, "ver": 1, "sid": changes.pop("sid", uuid4().hex)}
    return jwt.encode(claims | changes, key)


def user(token: str) -> httpx2.Response:
    return response({"user": {"token": token}})


def test_times() -> None:
    """Each app may have its own times, if they are within the time of the story."""
    assert equal(response({"createdAt": time()}), response({"createdAt": time(seconds=0.5)}))
    assert not equal(response({"createdAt": time()}), response({"createdAt": time(hours=1)}))
    assert not equal(response({"createdAt": time()}), response({"createdAt": time(hours=-1)}))


def test_form_of_times() -> None:
    """A time in another format is another value."""
    other = time().replace("Z", "000Z")
    assert not equal(response({"createdAt": time()}), response({"createdAt": other}))


def test_times_that_are_equal_in_one_app() -> None:
    """Which times of a response are equal is compared."""
    once, later = time(seconds=0.5), time()
    same = response({"createdAt": once, "updatedAt": once})
    moved = response({"createdAt": once, "updatedAt": later})
    assert not equal(same, moved)


@pytest.mark.parametrize("name", ["title", "at"])
def test_times_in_other_fields(name: str) -> None:
    """Only the fields of times are masked."""
    assert not equal(response({name: time()}), response({name: time(seconds=0.5)}))


def test_times_in_texts() -> None:
    """A text that looks like a field is a text."""
    texts = [f'"createdAt":"{time(seconds=ago)}"' for ago in (0, 0.5)]
    assert not equal(response({"body": texts[0]}), response({"body": texts[1]}))


def test_times_on_one_database() -> None:
    """On one database, times are compared byte by byte."""
    here, there = response({"createdAt": time()}), response({"createdAt": time(seconds=0.5)})
    assert not equal(here, there, setting="one database")


def test_tokens() -> None:
    """Tokens may differ in the time when they were made, and in their session."""
    assert equal(user(token()), user(token(ago=1)))


def test_sessions() -> None:
    """Whether two tokens belong to the same session is compared."""
    one = token()
    same = response([{"token": one}, {"token": one}])
    other = response([{"token": one}, {"token": token()}])
    assert not equal(same, other)


@pytest.mark.parametrize(
    "other",
    [
        token(ago=60),
        token(ver=2),
        token(sid="x"),
        token(sub="2"),
        token(more=1),
        token(exp=4_000_000_000),
        token(key="another-secret-of-the-same-length-more-or-less"),
        "x",
    ],
)
def test_tokens_with_other_claims(other: str) -> None:
    """The other claims of tokens are compared, and each token must be valid and new."""
    assert not equal(user(token()), user(other))


def test_order_of_claims() -> None:
    """The order of the claims in a token is compared."""
    claims = jwt.decode(token(), SECRET, ["HS256"])
    other = jwt.encode(dict(reversed(claims.items())), SECRET)
    assert not equal(user(token()), user(other))


def test_token_that_was_sent() -> None:
    """The current user is returned with the token of the request, not with an equivalent one."""
    sent, other = token(ago=1), token()
    asked = request("/api/user", headers={"Authorization": f"Token {sent}"})
    assert equal(user(sent), user(sent), asked)
    assert not equal(user(sent), user(other), asked)


def test_request_ids() -> None:
    """An id that the app has made may differ, but not in its format; a sent id may not differ."""
    ids = [response({}, headers={"X-Request-ID": text}) for text in ("0a", "bc", "0a-", "0g")]
    assert equal(ids[0], ids[1])
    assert not equal(ids[0], ids[2])
    assert not equal(ids[0], ids[3])
    assert not equal(ids[0], ids[1], request(headers={"X-Request-ID": "0a"}))


def test_missing_length() -> None:
    """A length that one app has left out is a difference."""
    assert not equal(response({}, headers={"Content-Length": "2"}), response({}))


def test_documents() -> None:
    """The OpenAPI documents are compared as JSON values, except for the framework in the title."""
    asked = request("/api/openapi.json")
    here = response(b'{"a":1,"info":{"title":"Conduit (Django)"}}')
    assert equal(here, response(b'{"info":{"title":"Conduit (Flask)"},"a":1.0}'), asked)
    assert not equal(here, response(b'{"info":{"title":"Conduit (Flask)"},"a":2}'), asked)
    assert not equal(here, response(b'{"info":{"title":"Another (Flask)"},"a":1}'), asked)


@pytest.mark.parametrize("path", ["/api/lab/gather?ms=1", "/%61pi/lab/gather/"])
def test_lab(path: str) -> None:
    """Only in the lab, values may differ, but not the keys."""
    asked = request(path)
    here = response({"process": 1, "loop": None, "spans": [{"start": 1.5}]})
    assert equal(here, response({"process": 2, "loop": "x", "spans": [{"start": 2}]}), asked)
    assert not equal(here, response({"process": 2, "loop": "x", "spans": []}), asked)
    assert not equal(here, response({"process": 2, "spans": [{"start": 2}], "loop": "x"}), asked)
