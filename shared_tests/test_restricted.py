"""A server with lists of hosts and origins, short-lived tokens, and a reduced log."""

import pytest

from .harness import pinned, register, rule, unique
from .harness.kinds import CORS_HEADERS, EVERY_KIND
from .harness.servers import Server
from .harness.tokens import claims_of, make, valid_claims

pytestmark = pytest.mark.on_sqlite

PREFLIGHT = {"Origin": "https://front.example", "Access-Control-Request-Method": "PUT"}

OTHER_ORIGINS = [
    "https://three.example",
    "http://one.example",
    "https://one.example:8443",
    "https://one.example.evil.example",
    "null",
    "*",
    "",
]

# Hosts


@rule("SETTING-2")
@pytest.mark.parametrize(
    "host",
    [
        "other.example",
        "conduit.example.evil.example",
        "evil-conduit.example",
        "sub.conduit.example",
        "127.0.0.2",
        "conduit.example@evil.example",
        "conduit.example/",
        "*",
        "[::1]",
    ],
)
def test_other_host(restricted: Server, host: str) -> None:
    """A host that is not in the list returns 400."""
    answer = restricted.client.http.get(f"{restricted.url}/api/health", headers={"Host": host})
    assert answer.status_code == 400


@rule("SETTING-2")
@pytest.mark.parametrize(
    "host",
    [
        "conduit.example",
        pytest.param("CONDUIT.Example:8443", marks=pinned),
        "127.0.0.1:1",
    ],
)
def test_host_of_the_list(restricted: Server, host: str) -> None:
    """A host in the list is accepted, in upper or lower case and with any port."""
    answer = restricted.client.get("/api/health", headers={"Host": host})
    assert answer.status == 200
    assert answer.body == b'{"status":"ok"}'


@rule("ORDER-1")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/nothing"),
        ("GET", "/api/profiles/a%00b"),
        ("OPTIONS", "/api/user"),
        ("PATCH", "/api/tags"),
        ("POST", "/api/users"),
        ("GET", "/api/user"),
    ],
)
def test_host_before_everything(restricted: Server, method: str, path: str) -> None:
    """The host is checked before route, method, body and token."""
    headers = {"Host": "other.example"}
    answer = restricted.client.http.request(method, restricted.url + path, headers=headers)
    assert answer.status_code == 400


# Origins


@rule("CORS-4", "SETTING-3")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_origin_of_the_list(restricted: Server, method: str, path: str, status: int) -> None:
    """An origin in the list is returned in every kind of response."""
    answer = restricted.client.request(method, path, headers={"Origin": "https://one.example"})
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "https://one.example"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-ID"


@rule("SETTING-3")
@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_origin_not_in_the_list(restricted: Server, origin: str) -> None:
    """An origin that is not in the list is not allowed."""
    answer = restricted.client.get("/api/health", headers={"Origin": origin})
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@rule("CORS-5")
@pytest.mark.parametrize("origin", OTHER_ORIGINS)
def test_nothing_for_other_origins(restricted: Server, origin: str) -> None:
    """The response to an origin that is not in the list has no CORS headers."""
    answer = restricted.client.get("/api/health", headers={"Origin": origin})
    assert [name for name in CORS_HEADERS if name in answer.headers] == []


@rule("CORS-4", "SETTING-3")
def test_second_origin_of_the_list(restricted: Server) -> None:
    """Each origin in the list is returned, including its port."""
    answer = restricted.client.get("/api/health", headers={"Origin": "http://two.example:8080"})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "http://two.example:8080"


@rule("CORS-2", "CORS-3", "CORS-4")
@pytest.mark.parametrize("path", ["/api/user", "/api/nothing"])
def test_preflight_of_the_list(restricted: Server, path: str) -> None:
    """A preflight from an origin in the list returns that origin and all other CORS headers."""
    headers = {**PREFLIGHT, "Origin": "https://one.example"}
    answer = restricted.client.options(path, headers=headers)
    assert answer.status == 204
    assert [answer.headers.get(name) for name in CORS_HEADERS] == [
        "https://one.example",
        "X-Request-ID",
        "DELETE, GET, POST, PUT",
        "Authorization, Content-Type",
        "600",
        None,
    ]


@rule("CORS-2", "CORS-5")
def test_preflight_of_an_origin_not_in_the_list(restricted: Server) -> None:
    """A preflight from another origin returns 204, and allows nothing."""
    answer = restricted.client.options("/api/user", headers=PREFLIGHT)
    assert answer.status == 204
    assert [name for name in CORS_HEADERS if name in answer.headers] == []


@rule("CORS-2")
def test_preflight_to_another_host(restricted: Server) -> None:
    """A preflight is answered before the host is checked."""
    headers = {**PREFLIGHT, "Host": "other.example"}
    assert restricted.client.options("/api/user", headers=headers).status == 204


# The rest


@rule("SETTING-1")
def test_lifetime_that_is_set(restricted: Server) -> None:
    """A token is valid for as long as the setting says."""
    claims = claims_of(register(restricted.client).signed_in_with)
    assert claims["exp"] - claims["iat"] == 3_600


@rule("SETTING-5")
def test_log_level(restricted: Server, server: Server) -> None:
    """At WARNING, the lines of requests are not logged."""
    id_ = unique("request-")
    for one in (restricted, server):
        assert one.client.get("/api/health", headers={"X-Request-ID": id_}).status == 200
    assert len(server.log_lines_with(id_)) == 1
    assert id_ not in restricted.log_text()


@rule("SETTING-4")
def test_secret_of_development(restricted: Server) -> None:
    """Without its own secret, development uses the published one."""
    person = register(restricted.client)
    claims = valid_claims(claims_of(person.signed_in_with)["sub"], 1)
    token = make(claims, "conduit-development-secret-never-for-production")
    answer = restricted.client.with_token(token).get("/api/user")
    assert answer.status == 200
    assert answer.json["user"]["username"] == person.username


# The lab


@rule("LAB-8")
def test_lab_is_turned_off(restricted: Server) -> None:
    """`CONDUIT_LAB=0` turns the lab off, also in development."""
    assert restricted.client.get("/api/lab/async?ms=1").status == 404
