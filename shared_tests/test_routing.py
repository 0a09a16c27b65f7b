"""Which paths are routes, and which methods they have."""

import pytest

from .harness import Client, Person, pinned, rule
from .harness.routes import NO_SUCH_ROUTE, ROUTES, WRONG_METHODS, WRONG_METHODS_OF_PAGES

pytestmark = pytest.mark.on_sqlite


@rule("BASE-1", "ROUTE-1")
@pytest.mark.parametrize(
    "path",
    [
        "/tags",
        "/docs",
        "/openapi.json",
        "/robots.txt",
        "/apis",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/profiles",
        "/api/users/nothing",
        "/api/articles/nothing/nothing",
        "/api/articles/nothing/comments/1/nothing",
        "/api/docs/nothing.js",
    ],
)
def test_unknown_path(client: Client, path: str) -> None:
    """A path that is not a route returns 404 `route`: `not found`."""
    answer = client.get(path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-1")
@pytest.mark.parametrize("path", ["/api/nothing", pytest.param("/api/", marks=pinned)])
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "TRACE"])
def test_unknown_path_with_any_method(client: Client, method: str, path: str) -> None:
    """A path that is not a route returns 404 for every method, never 405."""
    answer = client.request(method, path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-1")
@pytest.mark.parametrize("path", ["/API/tags", "/api/Tags", "/api/articles/x/COMMENTS"])
def test_routes_are_case_sensitive(client: Client, path: str) -> None:
    """Routes are case-sensitive."""
    answer = client.get(path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("BASE-2")
def test_root_redirects_to_the_docs(client: Client) -> None:
    """`/` returns a 307 to `/api/docs` with an empty body."""
    answer = client.get("/")
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/docs"
    assert answer.headers["Content-Length"] == "0"
    assert "Content-Type" not in answer.headers
    assert answer.body == b""


@rule("BASE-2")
def test_root_with_a_query(client: Client) -> None:
    """`/` redirects to `/api/docs` with any query."""
    answer = client.get("/?next=//elsewhere.example")
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/docs"


@rule("BASE-2")
def test_head_of_the_root(client: Client) -> None:
    """HEAD of `/` returns the same 307."""
    answer = client.head("/")
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/docs"
    assert answer.headers["Content-Length"] == "0"
    assert "Content-Type" not in answer.headers


@rule("ROUTE-2")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/articles/"),
        ("GET", "/api/docs/"),
        ("GET", "/api/openapi.json/"),
        ("GET", "/api/profiles/nobody/"),
        ("POST", "/api/users/login/"),
    ],
)
def test_trailing_slash(client: Client, method: str, path: str) -> None:
    """A path with a slash at its end is not a route, and is not redirected."""
    answer = client.request(method, path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-3")
@pytest.mark.parametrize(
    "path",
    [
        "//",
        "//api/tags",
        "/api//tags",
        "/api/tags//",
        "/api/articles//comments",
        "/api//",
    ],
)
def test_doubled_slash(client: Client, path: str) -> None:
    """A double slash returns 404, without a redirect."""
    answer = client.get(path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-4")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/profiles/a%00b"),
        ("GET", "/api/articles/%00"),
        ("DELETE", "/api/articles/nothing/comments/%00"),
        ("OPTIONS", "/api/profiles/%00"),
    ],
)
def test_nul_in_a_path(client: Client, method: str, path: str) -> None:
    """A path with an encoded NUL returns 404 for every method."""
    answer = client.request(method, path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-4")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api%2ftags", 200),
        ("/api/profiles/a%2Fb", 404),
        ("/api/articles/some%2Fcomments", 404),
        ("/api/tags%2F", 404),
    ],
)
def test_encoded_slash(client: Client, path: str, status: int) -> None:
    """`%2F` is read as a slash."""
    assert client.get(path).status == status


@rule("ROUTE-4")
@pytest.mark.parametrize("name", ["%FF", "%E2%82", "%ED%A0%80", "%C0%AF"])
def test_bytes_that_are_not_utf8(client: Client, name: str) -> None:
    """Bytes that are not UTF-8 are a name that does not exist."""
    answer = client.get(f"/api/articles/{name}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"article":["not found"]}}'


@rule("ROUTE-4")
@pytest.mark.parametrize(
    ("path", "kind"), [("/api/tags%0A", "route"), ("/api/articles/%0A", "article")]
)
def test_line_feed_at_the_end(client: Client, path: str, kind: str) -> None:
    """A line feed at the end is part of the path."""
    answer = client.get(path)
    assert answer.status == 404
    assert list(answer.json["errors"]) == [kind]


@rule("ROUTE-5")
@pytest.mark.parametrize(("method", "path"), WRONG_METHODS)
def test_wrong_method(client: Client, method: str, path: str) -> None:
    """A method that a route does not have returns 405."""
    answer = client.request(method, path)
    assert answer.status == 405
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ROUTE-5", "ROUTE-6", "BASE-2")
@pytest.mark.parametrize(("method", "path"), WRONG_METHODS + WRONG_METHODS_OF_PAGES)
def test_allow(client: Client, method: str, path: str) -> None:
    """`Allow` of a 405 lists all methods of the route, in alphabetical order."""
    answer = client.request(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"] == dict(ROUTES)[path]
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ROUTE-5", "ANSWER-8")
@pytest.mark.parametrize("path", [path for path, allow in ROUTES if "HEAD" not in allow])
def test_head_where_there_is_no_get(client: Client, path: str) -> None:
    """HEAD on a route without GET returns 405, without a body."""
    answer = client.head(path)
    assert answer.status == 405
    assert answer.headers["Allow"] == dict(ROUTES)[path]
    assert answer.headers["Content-Length"] == "37"


@rule("ROUTE-7")
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "PUT"])
def test_no_article_is_called_feed(reader: Person, method: str) -> None:
    """Methods other than GET and HEAD on the feed return 405, also with a token."""
    answer = reader.request(method, "/api/articles/feed", json={"article": {"title": "x"}})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("ROUTE-7")
def test_comments_of_the_feed(client: Client) -> None:
    """Paths below `feed` are the routes of an article that never exists."""
    answer = client.get("/api/articles/feed/comments")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"article":["not found"]}}'


@rule("ROUTE-8")
@pytest.mark.parametrize("path", ["/api/./tags", "/api/articles/../tags", "/../api/tags"])
def test_dot_segments(client: Client, path: str) -> None:
    """Dot segments are not resolved: such a path is not a route."""
    answer = client.get(path)
    assert answer.status == 404
    assert answer.body == NO_SUCH_ROUTE


@rule("ROUTE-8")
@pytest.mark.parametrize("slug", ["..", ".", "%2e%2E"])
def test_dots_as_a_slug(client: Client, slug: str) -> None:
    """Dots as the last segment are a slug that does not exist."""
    answer = client.get(f"/api/articles/{slug}")
    assert answer.status == 404
    assert answer.body == b'{"errors":{"article":["not found"]}}'


@rule("ROUTE-9")
@pytest.mark.parametrize(("path", "status"), [("/api/tags?x=1", 200), ("/api/nothing", 404)])
def test_absolute_form(client: Client, path: str, status: int) -> None:
    """A target in absolute form gets the same response as its path."""
    with client.wire() as wire:
        wire.request("GET", f"{client.base_url}{path}".encode())
        assert wire.answer().status == status
