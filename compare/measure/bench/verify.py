"""Checks before anything is timed: only servers with the same answers are compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from compare.measure.bench.servers import RunningServer
from compare.run.answers import Answer
from compare.run.apps import APPS, BY_NAME
from compare.run.terminal import Failed

ARTICLE = "the-del-statement"
"""An article of the demo site with comments, favorites and tags."""
READS = {
    "list": "/api/articles",
    "article": "/api/articles/{slug}",
    "comments": "/api/articles/{slug}/comments",
    "tags": "/api/tags",
}
TIMEOUT = 30.0
AUTHOR = {"username": str, "bio": str | None, "image": str | None, "following": bool}
ARTICLE_FIELDS = {
    "slug": str,
    "title": str,
    "description": str,
    "tagList": list,
    "createdAt": str,
    "updatedAt": str,
    "favorited": bool,
    "favoritesCount": int,
}
COMMENT_FIELDS = {"id": int, "createdAt": str, "updatedAt": str, "body": str}


def client_of(server: RunningServer) -> httpx2.AsyncClient:
    """A client for a few requests that are not timed."""
    return httpx2.AsyncClient(base_url=server.url, timeout=TIMEOUT, trust_env=False)


async def request(
    server: RunningServer, method: str, path: str, *, token: str = "", body: Any = None
) -> httpx2.Response:
    """One request; `Failed` names the server that does not answer."""
    headers = {"X-Request-ID": "bench"} | ({"Authorization": f"Token {token}"} if token else {})
    try:
        async with client_of(server) as client:
            return await client.request(method, path, json=body, headers=headers)
    except httpx2.HTTPError as error:
        raise Failed(f"{server.subject.title} did not answer {method} {path}: {error!r}") from None


async def ensure_equal(
    servers: Sequence[RunningServer],
    method: str,
    path: str,
    *,
    tokens: Mapping[str, str] | None = None,
    body: Any = None,
) -> None:
    """Check that the answers are equal: status, headers and bytes; for ceilings, only the type."""
    first: Answer | None = None
    for server in servers:
        token = (tokens or {}).get(server.subject.id, "")
        response = await request(server, method, path, token=token, body=body)
        app = BY_NAME.get(server.subject.framework or "", APPS[0])
        answer = Answer(app, response)
        if not response.is_success:
            raise Failed(f"{server.subject.title} answers {method} {path} with {answer.status}")
        if first is None:
            first, other = answer, server
            continue
        parts = {
            "status": (answer.status, first.status),
            "headers": (answer.headers, first.headers),
            "body": (answer.body, first.body),
        }
        if server.subject.kind != "app":
            of_type = [each.response.headers.get("content-type") for each in (answer, first)]
            parts["headers"] = ([of_type[0]], [of_type[1]])
        for part, (one, another) in parts.items():
            if one != another:
                raise Failed(
                    f"{server.subject.title} and {other.subject.title} answer {method} {path} with"
                    f" another {part}: what differs is not timed"
                )


async def ensure_reads_equal(servers: Sequence[RunningServer]) -> None:
    """Check that the answers to the four reads are equal, and that none is an empty list."""
    for name, template in READS.items():
        path = template.format(slug=ARTICLE)
        await ensure_equal(servers, "GET", path)
        if [] in (await request(servers[0], "GET", path)).json().values():
            raise Failed(f"GET {path} is an empty list: an empty list of {name} is not timed")


@dataclass(frozen=True)
class OtherBackend:
    """A Conduit backend, with the slug of one of its articles and their number."""

    server: RunningServer
    slug: str
    articles: int


async def examine(server: RunningServer) -> OtherBackend:
    """Check statuses and values of the four reads of a backend with other data."""

    async def read(path: str) -> Any:
        response = await request(server, "GET", path)
        if response.status_code != 200:
            raise refuse(path, f"the status is {response.status_code}")
        try:
            return json.loads(response.content)
        except ValueError:
            raise refuse(path, "the body is not JSON") from None

    def refuse(path: str, reason: str) -> Failed:
        return Failed(
            f"{server.subject.title} answers GET {path} with something that is not timed: {reason}"
        )

    def check(path: str, thing: Any, fields: Mapping[str, Any], what: str) -> None:
        if not isinstance(thing, dict):
            raise refuse(path, f"{what} is not an object")
        for name, kind in fields.items():
            if not isinstance(thing.get(name, ...), kind):
                raise refuse(path, f"{what} has no valid {name}")

    path = READS["list"]
    page = await read(path)
    check(path, page, {"articles": list, "articlesCount": int}, "the body")
    articles = page["articles"]
    if not articles:
        raise refuse(path, "there are no articles: fill it first")
    if len(articles) > 20 or len(articles) != min(20, page["articlesCount"]):
        raise refuse(path, f"{len(articles)} articles of {page['articlesCount']}, and not 20")
    for article in articles:
        check(path, article, ARTICLE_FIELDS, "an article")
        check(path, article.get("author"), AUTHOR, "an author")
    for article in articles:
        path = READS["comments"].format(slug=article["slug"])
        comments = await read(path)
        check(path, comments, {"comments": list}, "the body")
        if comments["comments"]:
            break
    else:
        raise refuse(READS["list"], "none of the articles has comments: fill it first")
    for comment in comments["comments"]:
        check(path, comment, COMMENT_FIELDS, "a comment")
        check(path, comment.get("author"), AUTHOR, "an author")
    path = READS["article"].format(slug=article["slug"])
    whole = await read(path)
    check(path, whole, {"article": dict}, "the body")
    check(path, whole["article"], ARTICLE_FIELDS | {"body": str}, "the article")
    for name in ("slug", "title", "createdAt", "favoritesCount"):
        if whole["article"][name] != article[name]:
            raise refuse(path, f"the list has another {name} for the article")
    path = READS["tags"]
    tags = await read(path)
    check(path, tags, {"tags": list}, "the body")
    if not all(isinstance(tag, str) for tag in tags["tags"]):
        raise refuse(path, "a tag is not a string")
    return OtherBackend(server, article["slug"], page["articlesCount"])
