"""What an API client cannot see: dependencies and tables."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from conduit import seed
from conduit.accounts.auth import get_current_user, get_token
from conduit.accounts.models import User
from conduit.accounts.tokens import AccessToken
from conduit.database import Sessions
from conduit.live import services
from conduit.live.hub import Hub
from conduit.live.models import Event, EventCounter
from conduit.live.subscriptions import PublishedEvent
from conduit.settings import load_settings


def test_overridden_user(app: FastAPI, client: TestClient) -> None:
    """The current user is a dependency, so a test can replace it."""
    someone = User(
        id=9, email="x@example.com", username="x", token_version=1, created_at=datetime.now(UTC)
    )
    app.dependency_overrides[get_current_user] = lambda: someone
    app.dependency_overrides[get_token] = lambda: AccessToken("a token", 9, 1, "0" * 32)
    try:
        answer = client.get("/api/user")
    finally:
        app.dependency_overrides.clear()
    assert answer.json()["user"]["username"] == "x"
    assert answer.json()["user"]["token"] == "a token"


def test_events(sessions: Sessions, client: TestClient, token: dict[str, str]) -> None:
    """A change writes its event with the new value of the counter as its number."""
    draft = {"title": "An event", "description": "d", "body": "b", "tagList": []}
    created = client.post("/api/articles", json={"article": draft}, headers=token)
    slug = created.json()["article"]["slug"]
    client.delete(f"/api/articles/{slug}", headers=token)

    async def read() -> tuple[list[str], int | None, int | None]:
        async with sessions.reading() as session:
            names = await session.scalars(select(Event.name).order_by(Event.id))
            newest = await session.scalar(select(func.max(Event.id)))
            counter = await session.scalar(select(EventCounter.value))
            return list(names), newest, counter

    assert client.portal is not None
    names, newest, counter = client.portal.call(read)
    assert names[-2:] == ["article.created", "article.deleted"]
    assert newest == counter


def test_events_are_handed_out_once(
    sessions: Sessions, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub hands out each event once, even if its next read fails."""
    hub = Hub(load_settings(), sessions)
    hub.position = 0
    reads: list[list[PublishedEvent]] = [
        [PublishedEvent(1, "article.created", 1, 1, "{}", frozenset())],
        [],
    ]
    asked = []

    async def get_published(
        session: AsyncSession, *, after: int, get_listeners: object
    ) -> list[PublishedEvent]:
        asked.append(after)
        if len(asked) == 2:
            raise OperationalError("SELECT", {}, Exception("the database is away"))
        return reads.pop(0)

    monkeypatch.setattr(services, "get_published", get_published)
    assert client.portal is not None
    with pytest.raises(OperationalError):
        client.portal.call(hub.catch_up)
    client.portal.call(hub.catch_up)
    assert asked == [0, 1, 1]
    assert [published.id for published in hub.backlog.published] == [1]


def test_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting ends the process with a line that names it."""
    from conduit.settings import load_settings

    monkeypatch.setenv("CONDUIT_DATABASE_POOL_SIZE", "none")
    load_settings.cache_clear()
    with pytest.raises(SystemExit, match="CONDUIT_DATABASE_POOL_SIZE"):
        load_settings()
    load_settings.cache_clear()


def test_a_user_deleted_before_the_write(
    app: FastAPI, client: TestClient, token: dict[str, str]
) -> None:
    """A write by a user who has just been deleted returns 401."""
    draft = {"article": {"title": "t", "description": "d", "body": "b", "tagList": ["tag"]}}
    slug = client.post("/api/articles", json=draft, headers=token).json()["article"]["slug"]

    async def get_deleted_user(request: Request) -> User:
        request.state.user_id = 10**9
        return User(id=10**9, username="gone")

    app.dependency_overrides[get_current_user] = get_deleted_user
    try:
        for path, body in (
            ("/api/profiles/ada/follow", None),
            (f"/api/articles/{slug}/favorite", None),
            (f"/api/articles/{slug}/comments", {"comment": {"body": "b"}}),
            ("/api/articles", draft),
        ):
            answer = client.post(path, json=body)
            assert answer.status_code == 401, path
            assert answer.json() == {"errors": {"token": ["is invalid"]}}
    finally:
        app.dependency_overrides.clear()


def test_no_seed_in_production(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo site has a published password."""
    monkeypatch.setenv("CONDUIT_ENV", "production")
    monkeypatch.setenv("CONDUIT_SECRET_KEY", "x" * 32)
    monkeypatch.setenv("CONDUIT_PASSWORD_HASHING", "strong")
    load_settings.cache_clear()
    try:
        with pytest.raises(SystemExit, match="published"):
            seed.main()
    finally:
        load_settings.cache_clear()


def test_health_while_another_check_runs(app: FastAPI, client: TestClient) -> None:
    """A health check that waits too long for the previous one returns 503."""
    assert client.portal is not None
    limiter = app.state.health_check
    client.portal.call(limiter.acquire_on_behalf_of, "another")
    assert client.get("/api/health").status_code == 503
    client.portal.call(limiter.release_on_behalf_of, "another")
    assert client.get("/api/health").status_code == 200
