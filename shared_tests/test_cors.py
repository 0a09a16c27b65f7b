"""What other origins may do."""

import pytest

from .harness import Client, Person, rule, write_article
from .harness.kinds import EVERY_KIND
from .harness.routes import ROUTES

pytestmark = pytest.mark.on_sqlite

ORIGIN = {"Origin": "https://front.example"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "PUT"}
CORS_HEADERS = (
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Allow-Credentials",
    "Vary",
)


@rule("CORS-2", "CORS-4")
@pytest.mark.parametrize(("path", "allow"), ROUTES)
def test_preflight(client: Client, path: str, allow: str) -> None:
    """A preflight is 204 with all that a browser asks for."""
    answer = client.options(path, headers=PREFLIGHT)
    assert answer.status == 204
    assert [answer.headers.get(name) for name in CORS_HEADERS] == [
        "*",
        "X-Request-ID",
        allow,
        "Authorization, Content-Type",
        "600",
        None,
        None,
    ]
    assert answer.headers["Allow"] == allow
    assert answer.body == b""


@rule("CORS-2")
def test_preflight_with_everything(client: Client) -> None:
    """What a browser says besides changes nothing: the answer is about the route."""
    answer = client.options(
        "/api/articles/feed",
        headers={
            **PREFLIGHT,
            "Access-Control-Request-Method": "BREW",
            "Access-Control-Request-Headers": "authorization,content-type,x-other",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"


@rule("CORS-2")
@pytest.mark.parametrize("headers", [ORIGIN, {"Access-Control-Request-Method": "PUT"}, {}])
def test_options_that_is_no_preflight(client: Client, headers: dict[str, str]) -> None:
    """An OPTIONS that lacks one of the two headers is none."""
    answer = client.options("/api/user", headers=headers)
    assert answer.status == 204
    assert [answer.headers.get(name) for name in CORS_HEADERS] == [
        "*",
        "X-Request-ID",
        None,
        None,
        None,
        None,
        None,
    ]


@rule("CORS-3")
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/nothing", {}),
        ("/api/nothing", ORIGIN),
        ("/api/nothing", PREFLIGHT),
        ("/nothing", PREFLIGHT),
        ("/api//tags", PREFLIGHT),
        ("/api/profiles/a%2Fb", PREFLIGHT),
    ],
)
def test_options_of_no_route(client: Client, path: str, headers: dict[str, str]) -> None:
    """OPTIONS, preflight or not, on a path that is no route is 404."""
    answer = client.options(path, headers=headers)
    assert answer.status == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Methods" not in answer.headers
    assert answer.body == b'{"errors":{"route":["not found"]}}'


@rule("CORS-4")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_any_origin(client: Client, method: str, path: str, status: int) -> None:
    """Where any origin is allowed, answers of every kind say so."""
    answer = client.request(method, path, headers=ORIGIN)
    assert answer.status == status
    assert [answer.headers.get(name) for name in CORS_HEADERS] == [
        "*",
        "X-Request-ID",
        None,
        None,
        None,
        None,
        None,
    ]


@rule("CORS-4")
@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": ""}])
def test_any_origin_and_none(client: Client, headers: dict[str, str]) -> None:
    """Where any origin is allowed, requests without a real one are told so, too."""
    answer = client.get("/api/health", headers=headers)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"
    assert "Vary" not in answer.headers


@rule("CORS-4")
def test_any_origin_of_a_204(anna: Person) -> None:
    """The 204 of a delete says that any origin is allowed."""
    article = write_article(anna)
    answer = anna.delete(f"/api/articles/{article['slug']}", headers=ORIGIN)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"
