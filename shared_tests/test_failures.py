"""Unexpected failures, on a server whose database was changed by the test."""

import re
from collections.abc import Iterator

import pytest

from .harness import Person, comment_on, register, rule, unique, write_article
from .harness.servers import Server


@pytest.fixture
def broken(restricted: Server) -> Iterator[tuple[Server, Person, str]]:
    """A server without its table of comments, and the path of some comments."""
    person = register(restricted.client)
    article = write_article(person)
    comment_on(article, person)
    restricted.database.execute("ALTER TABLE comments RENAME TO comments_elsewhere")
    yield restricted, person, f"/api/articles/{article['slug']}/comments"
    restricted.database.execute("ALTER TABLE comments_elsewhere RENAME TO comments")


@rule("FAIL-1")
def test_unexpected_failure(broken: tuple[Server, Person, str]) -> None:
    """An unexpected failure returns 500 with the usual headers and reveals no details."""
    server, _, path = broken
    answer = server.client.get(path)
    assert answer.status == 500
    assert answer.body == b'{"errors":{"server":["internal error"]}}'


@rule("FAIL-1")
def test_unexpected_failure_of_a_write(broken: tuple[Server, Person, str]) -> None:
    """A write that fails returns the same 500."""
    _, person, path = broken
    answer = person.post(path, json={"comment": {"body": "x"}})
    assert answer.status == 500
    assert answer.body == b'{"errors":{"server":["internal error"]}}'


@rule("FAIL-1", "ANSWER-8")
def test_unexpected_failure_of_a_head(broken: tuple[Server, Person, str]) -> None:
    """HEAD returns the headers of the 500."""
    server, _, path = broken
    answer = server.client.head(path)
    assert answer.status == 500
    assert answer.headers["Content-Length"] == "40"


@rule("FAIL-1", "FAIL-3")
def test_after_an_unexpected_failure(broken: tuple[Server, Person, str]) -> None:
    """After a failure, other requests still work, on the same connections."""
    server, person, path = broken
    for _ in range(15):
        assert server.client.get(path).status == 500
    answer = person.post("/api/articles", json={"article": {"title": unique("after ")}})
    assert answer.status == 422
    assert server.client.get(path.removesuffix("/comments")).status == 200


@rule("LOG-4", "FAIL-1", "LOG-2")
def test_traceback_in_the_log(broken: tuple[Server, Person, str]) -> None:
    """The log has the traceback with the request's id, and without the query string."""
    server, _, path = broken
    id_, secret = unique("request-"), unique("secret-")
    answer = server.client.get(f"{path}?token={secret}", headers={"X-Request-ID": id_})
    assert answer.status == 500
    assert server.log_lines_with(id_)
    log = server.log_text()
    records = re.split(r"^(?=[0-9]{4}-[0-9]{2}-[0-9]{2}T)", log, flags=re.MULTILINE)
    tracebacks = [record for record in records if id_ in record.partition("\n")[0]
                  and "Traceback (most recent call last):" in record]  # fmt: skip
    assert len(tracebacks) == 1
    assert secret not in log
