"""CORS: what other origins may do."""

import pytest

from .harness import Client, Person, rule, write_article
from .harness.kinds import CORS_HEADERS, EVERY_KIND

pytestmark = pytest.mark.on_sqlite

ORIGIN = {"Origin": "https://front.example"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "PUT"}


@rule("CORS-2", "CORS-3", "CORS-4")
@pytest.mark.parametrize(
    "path", ["/", "/api/user", "/api/articles/feed", "/api/nothing", "/api//tags", "/api/tags%00"]
)
def test_preflight(client: Client, path: str) -> None:
    """A preflight returns 204 on any path, with all headers that a browser needs."""
    answer = client.options(path, headers=PREFLIGHT)
    assert answer.status == 204
    assert [answer.headers.get(name) for name in CORS_HEADERS] == [
        "*",
        "X-Request-ID",
        "DELETE, GET, POST, PUT",
        "Authorization, Content-Type",
        "600",
        None,
    ]
    assert "Allow" not in answer.headers
    assert answer.body == b""


@rule("CORS-2", "CORS-3")
def test_preflight_with_everything(client: Client) -> None:
    """Other headers that a browser sends change nothing."""
    answer = client.with_token("nonsense").options(
        "/api/articles?limit=x",
        headers={
            **PREFLIGHT,
            "Access-Control-Request-Method": "BREW",
            "Access-Control-Request-Headers": "authorization,content-type,x-other",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, POST, PUT"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


@rule("CORS-8")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/user"),
        ("POST", "/api/articles"),
        ("GET", "/api/articles/feed"),
        ("DELETE", "/api/articles/x/favorite"),
    ],
)
def test_preflight_before_a_token(client: Client, method: str, path: str) -> None:
    """A browser may send the token, and JSON, after a preflight that has neither."""
    asked = {"Access-Control-Request-Method": method}
    fields = {"Access-Control-Request-Headers": "authorization,content-type"}
    answer = client.options(path, headers={**ORIGIN, **asked, **fields})
    assert 200 <= answer.status < 300
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = {
        name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")
    }
    assert {"authorization", "content-type"} <= allowed


@rule("CORS-1")
@pytest.mark.parametrize("headers", [ORIGIN, {"Access-Control-Request-Method": "PUT"}, {}])
def test_options_that_is_no_preflight(client: Client, headers: dict[str, str]) -> None:
    """OPTIONS without one of the two headers is a method that no route has."""
    answer = client.options("/api/user", headers=headers)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, PUT"
    assert answer.body == b'{"errors":{"method":["not allowed"]}}'


@rule("CORS-1")
@pytest.mark.parametrize("headers", [ORIGIN, {}])
def test_options_of_no_route(client: Client, headers: dict[str, str]) -> None:
    """OPTIONS on a path that is not a route returns 404."""
    answer = client.options("/api/nothing", headers=headers)
    assert answer.status == 404
    assert answer.body == b'{"errors":{"route":["not found"]}}'


@rule("CORS-4")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_any_origin(client: Client, method: str, path: str, status: int) -> None:
    """If any origin is allowed, every kind of response says so."""
    answer = client.request(method, path, headers=ORIGIN)
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"


@rule("CORS-5")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_no_origin(client: Client, method: str, path: str, status: int) -> None:
    """A response to a request without an origin has no CORS headers."""
    answer = client.request(method, path)
    assert answer.status == status
    assert [name for name in CORS_HEADERS if name in answer.headers] == []


@rule("CORS-6")
@pytest.mark.parametrize("headers", [ORIGIN, {}])
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_vary(client: Client, method: str, path: str, status: int, headers: dict[str, str]) -> None:
    """Every kind of response has `Vary: Origin`, with or without an origin in the request."""
    answer = client.request(method, path, headers=headers)
    assert answer.status == status
    assert answer.headers["Vary"] == "Origin"


@rule("CORS-4")
def test_any_origin_of_a_204(anna: Person) -> None:
    """The 204 of a delete has the CORS headers that allow any origin."""
    article = write_article(anna)
    answer = anna.delete(f"/api/articles/{article['slug']}", headers=ORIGIN)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"
