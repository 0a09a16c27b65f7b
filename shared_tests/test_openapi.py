"""The OpenAPI document."""

import re
from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from .harness import Client, Person, rule
from .harness.documented import check_documented, read_document
from .harness.usual import compact

OPERATIONS = [
    ("login", "post", "/api/users/login"),
    ("create_user", "post", "/api/users"),
    ("get_current_user", "get", "/api/user"),
    ("update_current_user", "put", "/api/user"),
    ("get_profile_by_username", "get", "/api/profiles/{username}"),
    ("follow_user_by_username", "post", "/api/profiles/{username}/follow"),
    ("unfollow_user_by_username", "delete", "/api/profiles/{username}/follow"),
    ("get_articles_feed", "get", "/api/articles/feed"),
    ("get_articles", "get", "/api/articles"),
    ("create_article", "post", "/api/articles"),
    ("get_article", "get", "/api/articles/{slug}"),
    ("update_article", "put", "/api/articles/{slug}"),
    ("delete_article", "delete", "/api/articles/{slug}"),
    ("get_article_comments", "get", "/api/articles/{slug}/comments"),
    ("create_article_comment", "post", "/api/articles/{slug}/comments"),
    ("delete_article_comment", "delete", "/api/articles/{slug}/comments/{id}"),
    ("create_article_favorite", "post", "/api/articles/{slug}/favorite"),
    ("delete_article_favorite", "delete", "/api/articles/{slug}/favorite"),
    ("get_tags", "get", "/api/tags"),
    ("get_health", "get", "/api/health"),
    ("lab_blocking", "get", "/api/lab/blocking"),
    ("lab_async", "get", "/api/lab/async"),
    ("lab_stalled", "get", "/api/lab/stalled"),
    ("lab_gather", "get", "/api/lab/gather"),
]


@rule("DOCS-1")
def test_document(client: Client) -> None:
    """The served document equals the specification, in its order, except for `info.title`."""
    answer = client.get("/api/openapi.json")
    served, written = answer.json, read_document()
    served["info"]["title"] = written["info"]["title"]
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert served == written
    assert compact(served) == compact(written)


@rule("DOCS-2")
@pytest.mark.cross
def test_specification_is_valid() -> None:
    """The specification is a valid OpenAPI 3.1 document."""
    assert read_document()["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(read_document()).iter_errors()) == []


@rule("DOCS-2")
@pytest.mark.cross
@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_operations(name: str, method: str, path: str) -> None:
    """The specification has every operation of the contract, under its name."""
    assert read_document()["paths"][path][method]["operationId"] == name


@rule("DOCS-2", "ANSWER-4")
@pytest.mark.cross
def test_operations_and_no_others() -> None:
    """The specification has no other operations than the contract."""
    found = [
        operation["operationId"]
        for item in read_document()["paths"].values()
        for method, operation in item.items()
        if method in {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    ]
    assert sorted(found) == sorted(name for name, _, _ in OPERATIONS)


@rule("DOCS-6", "ANSWER-1")
def test_answers_are_held_to_the_document(client: Client, story: dict[str, Any]) -> None:
    """The client compares every response with the document: order, names and types."""
    answer = client.get(f"/api/articles/{story['slug']}")
    article = answer.json["article"]
    backwards = dict(reversed(article.items()))
    assert answer.status == 200
    for wrong in (backwards, {**article, "id": 1}, {**article, "favoritesCount": "0"}, {}):
        with pytest.raises(AssertionError):
            check_documented(replace(answer, body=compact({"article": wrong})))


SPACES = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
NO_SPACES = "\x01\x1b\x7f\u180e\u200b\u2060\ufeff"


@rule("FIELD-1", "DOCS-6")
@pytest.mark.parametrize("character", [*SPACES, *NO_SPACES])
def test_white_space(reader: Person, character: str) -> None:
    """The API and the patterns of the document agree on which characters are white space."""
    schema = read_document()["components"]["schemas"]["NewArticle"]["properties"]
    # A pattern that means the same in every language: no `\s`.
    assert "\\s" not in schema["title"]["pattern"] + schema["tagList"]["items"]["pattern"]
    fits = re.search(schema["title"]["pattern"], character * 2) is not None
    article = {"title": character * 2, "description": "x", "body": "x", "tagList": [character]}
    answer = reader.post("/api/articles", json={"article": article})
    assert fits == (character in NO_SPACES)
    assert answer.status == (201 if fits else 422)
    if fits:
        assert answer.json["article"]["tagList"] == [character]
