"""A server in production, with only the required settings."""

import psutil
import pytest

from .harness import register, rule
from .harness.kinds import EVERY_KIND
from .harness.servers import Server
from .harness.tokens import claims_of

pytestmark = pytest.mark.on_sqlite

ORIGIN = {"Origin": "https://front.example"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "PUT"}


@rule("START-1", "START-2", "START-3")
def test_check_without_problems(production: Server) -> None:
    """If there are no problems, the check before the start prints nothing."""
    checked = production.checked
    assert checked is not None
    assert (checked.code, checked.stdout, checked.stderr) == (0, "", "")


@rule("START-1")
def test_a_server_in_production(production: Server) -> None:
    """With a secret of 32 bytes and a migrated database, the server starts in production."""
    answer = production.client.get("/api/articles")
    assert answer.status == 200
    assert answer.body == b'{"articles":[],"articlesCount":0}'


@rule("TAGS-1")
def test_no_tags(production: Server) -> None:
    """Without articles, the list of tags is empty."""
    answer = production.client.get("/api/tags")
    assert answer.status == 200
    assert answer.body == b'{"tags":[]}'


@rule("CORS-7")
@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_production_allows_no_origin(
    production: Server, method: str, path: str, status: int
) -> None:
    """In production no origin is allowed until origins are set."""
    answer = production.client.request(method, path, headers=ORIGIN)
    assert answer.status == status
    assert "Access-Control-Allow-Origin" not in answer.headers


@rule("CORS-2", "CORS-7")
def test_preflight_in_production(production: Server) -> None:
    """In production a preflight allows nothing until origins are set."""
    answer = production.client.options("/api/user", headers=PREFLIGHT)
    assert answer.status == 204
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Access-Control-Allow-Methods" not in answer.headers


@rule("LAB-8")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_lab_is_closed_in_production(production: Server, method: str) -> None:
    """In production the routes of the lab return 404."""
    answer = production.client.request(method, "/api/lab/async?ms=1")
    assert answer.status == 404
    assert answer.body == (b"" if method == "HEAD" else b'{"errors":{"route":["not found"]}}')


@rule("LOGIN-5")
def test_login_takes_its_time(production: Server) -> None:
    """With real hashing an unknown email takes as long as a wrong password.

    Processor time is compared, because other processes make a login slower.
    """
    person = register(production.client)

    def cost(email: str) -> float:
        """The processor time of the server for three failed logins."""
        user = {"email": email, "password": "wrong horse"}
        before = processor_time(production)
        for _ in range(3):
            assert production.client.post("/api/users/login", json={"user": user}).status == 401
        return processor_time(production) - before

    cost("nobody@example.com")  # the hash to compare with is made once
    known, unknown = cost(person.email), cost("nobody@example.com")
    assert known / 2 < unknown < known * 2


def processor_time(server: Server) -> float:
    """Seconds of processor time that the processes of the server have used."""
    process = psutil.Process(server.process.pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


@rule("DB-8")
def test_password_hash_parameters(production: Server) -> None:
    """A stored password is hashed with at least 64 MiB and two passes."""
    person = register(production.client)
    [(stored,)] = production.database.rows(
        "SELECT password FROM users WHERE username = ?", person.username
    )
    _, kind, _, parameters, _, _ = stored.split("$")
    costs = dict(parameter.split("=") for parameter in parameters.split(","))
    assert kind == "argon2id"
    assert int(costs["m"]) >= 65_536
    assert int(costs["t"]) >= 2


@rule("SETTING-1")
def test_lifetime_by_default(production: Server) -> None:
    """Without a setting, a token is valid for 2,592,000 seconds."""
    claims = claims_of(register(production.client).signed_in_with)
    assert claims["exp"] - claims["iat"] == 2_592_000
