"""What an API client cannot see: the factory, the commands, and the tables."""

import socket

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, make_transient_to_detached

from conduit import create_app, health
from conduit.accounts import auth
from conduit.accounts.models import User
from conduit.live import services
from conduit.live.hub import Hub
from conduit.live.models import Event, EventCounter
from conduit.live.subscriptions import PublishedEvent
from conduit.settings import Settings


def test_factory(app: Flask) -> None:
    """The factory takes settings, and makes applications that share nothing."""
    other = create_app({"ORIGINS": frozenset({"https://front.example"})})
    answer = other.test_client().get("/api/nothing", headers={"Origin": "https://front.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://front.example"
    answer = app.test_client().get("/api/nothing", headers={"Origin": "https://other.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    other.extensions["database"].engine.dispose()


def test_seed_twice(app: Flask) -> None:
    """`seed` refuses a database that has users."""
    seeding = app.test_cli_runner().invoke(args=["seed"])
    assert seeding.exit_code == 1
    assert "has users already" in seeding.output


def test_events(app: Flask, client: FlaskClient, token: dict[str, str]) -> None:
    """A change writes its event with the new value of the counter as its number."""
    draft = {"title": "An event", "description": "d", "body": "b", "tagList": []}
    created = client.post("/api/articles", json={"article": draft}, headers=token)
    client.delete(f"/api/articles/{created.get_json()['article']['slug']}", headers=token)
    with app.extensions["database"].reading() as session:
        names = list(session.scalars(select(Event.name).order_by(Event.id)))
        newest = session.scalar(select(func.max(Event.id)))
        counter = session.scalar(select(EventCounter.value))
    assert names[-2:] == ["article.created", "article.deleted"]
    assert newest == counter


def test_events_are_handed_out_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub hands out each event once, even if its next read fails."""
    hub = Hub(app.config, app.extensions["database"])
    hub.position = 0
    reads: list[list[PublishedEvent]] = [
        [PublishedEvent(1, "article.created", 1, 1, "{}", frozenset())],
        [],
    ]
    asked = []

    def get_published(
        session: Session, *, after: int, get_listeners: object
    ) -> list[PublishedEvent]:
        asked.append(after)
        if len(asked) == 2:
            raise OperationalError("SELECT", {}, Exception("the database is away"))
        return reads.pop(0)

    monkeypatch.setattr(services, "get_published", get_published)
    with pytest.raises(OperationalError):
        hub.catch_up()
    hub.catch_up()
    assert asked == [0, 1, 1]
    assert [published.id for published in hub.backlog.published] == [1]


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_more_sockets_than_threads() -> None:
    """A socket without a reserved thread is refused, and does not wait for a thread."""
    app = create_app({"LIVE_SOCKETS": 0})
    connection, other = socket.socketpair()
    with connection, other:
        environ = {"gunicorn.socket": connection}
        answer = app.test_client().get("/api/live", headers=UPGRADE, environ_overrides=environ)
    assert answer.status_code == 503
    assert answer.get_json() == {"errors": {"live": ["has too many sockets (maximum is 0)"]}}
    app.extensions["database"].engine.dispose()


def test_server_without_sockets(client: FlaskClient) -> None:
    """A WSGI server that does not expose its connection cannot open a socket: the app says so."""
    answer = client.get("/api/live", headers=UPGRADE)
    assert answer.status_code == 501
    assert answer.get_json() == {"errors": {"upgrade": ["is not supported by this server"]}}


def test_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting is an error that names it."""
    monkeypatch.setenv("CONDUIT_DATABASE_POOL_SIZE", "none")
    with pytest.raises(ValueError, match="CONDUIT_DATABASE_POOL_SIZE"):
        Settings()


def test_a_user_deleted_before_the_write(
    client: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write by a user who has just been deleted returns 401."""
    draft = {"article": {"title": "t", "description": "d", "body": "b", "tagList": ["tag"]}}
    slug = client.post("/api/articles", json=draft, headers=token).get_json()["article"]["slug"]
    user = User(id=10**9, username="gone")
    make_transient_to_detached(user)  # like a user from the database
    monkeypatch.setattr(auth, "authenticate", lambda token: user)
    for path, body in (
        ("/api/profiles/ada/follow", None),
        (f"/api/articles/{slug}/favorite", None),
        (f"/api/articles/{slug}/comments", {"comment": {"body": "b"}}),
        ("/api/articles", draft),
    ):
        answer = client.post(path, json=body, headers=token)
        assert (answer.status_code, answer.json) == (401, {"errors": {"token": ["is invalid"]}})


def test_subprotocol_that_is_not_ascii(client: FlaskClient) -> None:
    """A handshake that simple-websocket cannot read is refused before it is called."""
    answer = client.get(
        "/api/live",
        headers={
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": "\xff",
        },
        environ_overrides={"SERVER_PROTOCOL": "HTTP/1.1"},
    )
    assert (answer.status_code, answer.json) == (400, {"errors": {"upgrade": ["is invalid"]}})


def test_health_while_another_check_runs(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check that waits too long for the previous one returns 503."""
    monkeypatch.setitem(app.config, "DATABASE_TIMEOUT", 1)
    with health.check_lock:
        assert client.get("/api/health").status_code == 503
    assert client.get("/api/health").status_code == 200
