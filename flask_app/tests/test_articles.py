"""Articles and comments, as a client writes and reads them."""

from itertools import islice
from typing import Any

import pytest
from flask.testing import FlaskClient

from conduit.articles.slugs import candidates_for

AUTHOR = {"username": "guido", "following": False}
DRAFT = {"title": "On tests", "description": "Why", "body": "Because.", "tagList": ["b", "a"]}

type Headers = dict[str, str]


@pytest.fixture
def article(client: FlaskClient, token: Headers) -> Any:
    response = client.post("/api/articles", json={"article": DRAFT}, headers=token)
    assert response.status_code == 201
    return response.get_json()["article"]


def test_create(article: Any) -> None:
    """A new article has what was sent, and nothing that the document does not name."""
    assert {name: article[name] for name in DRAFT} == {**DRAFT, "tagList": ["a", "b"]}
    assert article["createdAt"] == article["updatedAt"]
    assert (article["favorited"], article["favoritesCount"]) == (False, 0)
    assert article["author"].items() >= AUTHOR.items()
    assert set(article) == {*DRAFT, "slug", "createdAt", "updatedAt", "author"} | {
        "favorited",
        "favoritesCount",
    }


def test_read(client: FlaskClient, article: Any) -> None:
    """Reading an article returns what creating it returned; a list leaves out the body."""
    path = f"/api/articles/{article['slug']}"
    assert client.get(path).get_json() == {"article": article}
    listed = client.get("/api/articles?limit=1").get_json()["articles"][0]
    assert {**listed, "body": article["body"]} == article


@pytest.mark.parametrize("name", ["title", "description", "body"])
def test_update(client: FlaskClient, token: Headers, article: Any, name: str) -> None:
    """An update changes the field that is sent, and no other."""
    path, changes = f"/api/articles/{article['slug']}", {name: "Another text"}
    updated = client.put(path, json={"article": changes}, headers=token).get_json()["article"]
    own = {"slug", "updatedAt", name}
    assert updated[name] == "Another text"
    assert {k: v for k, v in updated.items() if k not in own} == {
        k: v for k, v in article.items() if k not in own
    }


@pytest.mark.parametrize("name", ["title", "description", "body"])
def test_blank(client: FlaskClient, token: Headers, name: str) -> None:
    """A blank text is refused, with an error under the name of its field."""
    draft = {"article": {**DRAFT, name: " "}}
    response = client.post("/api/articles", json=draft, headers=token)
    assert (response.status_code, list(response.get_json()["errors"])) == (422, [name])


def test_comment(client: FlaskClient, token: Headers, article: Any) -> None:
    """A comment is shown as it was when created, until it is deleted."""
    path = f"/api/articles/{article['slug']}/comments"
    comment = {"comment": {"body": "Well said."}}
    written = client.post(path, json=comment, headers=token).get_json()["comment"]
    assert (written["body"], written["author"]["username"]) == ("Well said.", "guido")
    assert client.get(path).get_json() == {"comments": [written]}
    assert client.delete(f"{path}/{written['id']}", headers=token).status_code == 204
    assert client.get(path).get_json() == {"comments": []}


def test_delete(client: FlaskClient, token: Headers, article: Any) -> None:
    """An article that is deleted is not found."""
    path = f"/api/articles/{article['slug']}"
    assert client.delete(path, headers=token).status_code == 204
    assert client.get(path).status_code == 404


def test_candidates() -> None:
    """Each slug that a title may get is tried once, the best first."""
    names = [name for batch in islice(candidates_for("On tests"), 4) for name in batch]
    assert names == ["on-tests", *(f"on-tests-{number}" for number in range(2, 152))]
