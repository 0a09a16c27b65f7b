"""How many SQL statements a read takes, for any number of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that are executed in the block, except those of the connection setup."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/api/articles?limit=1", 1),
        ("/api/articles?limit=100", 1),
        ("/api/articles?tag=statement&author=guido&favorited=ada", 1),
        ("/api/articles?offset=1000", 2),
        ("/api/articles/the-assert-statement", 1),
        ("/api/articles/the-del-statement/comments", 1),
        ("/api/articles/the-assert-statement/comments", 2),
        ("/api/tags", 1),
        ("/api/profiles/ada", 1),
    ],
)
def test_reads(
    app: Flask, client: FlaskClient, token: dict[str, str], path: str, most: int
) -> None:
    """Each read executes the expected number of statements, and one more if it checks a token."""
    with statements(app) as anonymous:
        assert client.get(path).status_code == 200
    with statements(app) as signed_in:
        assert client.get(path, headers=token).status_code == 200
    assert len(anonymous) == most
    assert len(signed_in) == most + (path != "/api/tags")


@pytest.mark.parametrize(("path", "most"), [("/api/articles/feed?limit=100", 1)])
def test_feed(app: Flask, client: FlaskClient, token: dict[str, str], path: str, most: int) -> None:
    """The feed takes one statement, and one for the token."""
    with statements(app) as seen:
        answer = client.get(path, headers=token)
    assert len(answer.get_json()["articles"]) > 20
    assert len(seen) == most + 1
