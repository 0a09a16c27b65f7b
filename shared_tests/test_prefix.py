"""A URL prefix, as with a proxy that serves several services on one host."""

from collections.abc import Iterator

import pytest

from .harness import register, rule
from .harness.live import Socket
from .harness.servers import Launcher, Server

pytestmark = [pytest.mark.process, pytest.mark.on_sqlite]


@pytest.fixture(scope="module")
def prefixed(launcher: Launcher) -> Iterator[Server]:
    """A server whose address is below `/v1`."""
    server = launcher.start({"CONDUIT_ROOT_PATH": "/v1"})
    yield server
    server.stop()


@rule("PREFIX-1")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/tags", 200),
        ("/api/tags/", 404),
        ("/api/articles?limit=1", 200),
        ("/api/articles/feed", 401),
        ("/api/articles/nothing", 404),
        ("/api/nothing", 404),
        ("/api//tags", 404),
        ("/api/live", 426),
        ("/api/docs", 200),
        ("/api/lab/blocking?ms=1", 200),
    ],
)
def test_paths(prefixed: Server, path: str, status: int) -> None:
    """A path gets the same response with the prefix and without it."""
    own = {"X-Request-ID": "same"}
    kept = prefixed.client.http.get(f"{prefixed.url}/v1{path}", headers=own)
    taken_off = prefixed.client.http.get(f"{prefixed.url}{path}", headers=own)
    assert (kept.status_code, taken_off.status_code) == (status, status)
    if "lab" not in path:
        assert kept.content == taken_off.content


@rule("PREFIX-1")
@pytest.mark.parametrize(
    "path", ["/v1x/api/tags", "/v2/api/tags", "/v1/v1/api/tags", "/V1/api/tags"]
)
def test_other_prefixes(prefixed: Server, path: str) -> None:
    """Another prefix, or the same prefix twice, is not a route."""
    answer = prefixed.client.http.get(f"{prefixed.url}{path}")
    assert answer.status_code == 404
    assert answer.content == b'{"errors":{"route":["not found"]}}'


@rule("PREFIX-1")
def test_writes(prefixed: Server) -> None:
    """Data that is written below the prefix can be read."""
    person = register(prefixed.client)
    headers = {"Authorization": f"Token {person.token}"}
    article = {"title": "Below", "description": "x", "body": "x"}
    made = prefixed.client.http.post(
        f"{prefixed.url}/v1/api/articles", json={"article": article}, headers=headers
    )
    assert made.status_code == 201
    assert prefixed.client.get("/api/articles/below").json["article"]["title"] == "Below"


@rule("PREFIX-1")
@pytest.mark.live
@pytest.mark.parametrize("path", ["/v1/api/live", "/api/live"])
def test_sockets(prefixed: Server, path: str) -> None:
    """A socket can be opened below the prefix."""
    with Socket(prefixed.url, path) as socket:
        assert socket.ask("ping") == {"type": "pong"}


@rule("PREFIX-1", "ROUTE-9")
@pytest.mark.parametrize(("path", "status"), [("/v1/api/tags", 200), ("/v1", 307), ("", 307)])
def test_absolute_form(prefixed: Server, path: str, status: int) -> None:
    """A target in absolute form gets the same response as its path."""
    with prefixed.client.wire() as wire:
        wire.request("GET", f"{prefixed.url}{path}".encode())
        assert wire.answer().status == status


@rule("PREFIX-2", "BASE-2")
@pytest.mark.parametrize("path", ["/v1", "/v1/", "/"])
def test_redirect(prefixed: Server, path: str) -> None:
    """The redirect from `/` to the documentation includes the prefix."""
    answer = prefixed.client.http.get(f"{prefixed.url}{path}")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/v1/api/docs")


@rule("PREFIX-2")
def test_document(prefixed: Server) -> None:
    """The `servers` of the document have the prefix."""
    answer = prefixed.client.http.get(f"{prefixed.url}/v1/api/openapi.json")
    assert answer.json()["servers"] == [{"url": "/v1"}]


@rule("PREFIX-2", "DOCS-5")
@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc", "/api/docs/assets/swagger-start.js"])
def test_pages(prefixed: Server, path: str) -> None:
    """The URLs in the documentation pages have the prefix."""
    page = prefixed.client.http.get(f"{prefixed.url}/v1{path}").text
    assert '"/api/' not in page
    assert '"/v1/api/' in page


@rule("START-3")
@pytest.mark.parametrize("prefix", ["v1", "/v1/", "/", "http://x/v1", "/api", "/api/v1"])
def test_invalid_prefix(launcher: Launcher, prefixed: Server, prefix: str) -> None:
    """A malformed prefix, or one that looks like a route, stops the start with one line."""
    settings = {"CONDUIT_DATABASE_URL": prefixed.database.url, "CONDUIT_ROOT_PATH": prefix}
    ended = launcher.check(settings)
    assert ended.code == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "CONDUIT_ROOT_PATH" in ended.stderr
