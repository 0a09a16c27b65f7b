"""What a caller from outside cannot see: dependencies, and the tables behind the answers."""

from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from conduit.accounts.auth import get_current_user, get_token
from conduit.accounts.models import User
from conduit.live.models import Event, EventCounter


def test_overridden_user(app: FastAPI, client: TestClient) -> None:
    """Who is asking is a dependency, so a test can say who it is."""
    someone = User(
        id=9, email="x@example.com", username="x", token_version=1, created_at=datetime.now(UTC)
    )
    app.dependency_overrides[get_current_user] = lambda: someone
    app.dependency_overrides[get_token] = lambda: "a token"
    try:
        answer = client.get("/api/user")
    finally:
        app.dependency_overrides.clear()
    assert answer.json()["user"]["username"] == "x"
    assert answer.json()["user"]["token"] == "a token"


def test_events(app: FastAPI, client: TestClient, token: dict[str, str]) -> None:
    """A change writes its event with the number that the counter then has."""
    draft = {"title": "An event", "description": "d", "body": "b", "tagList": []}
    created = client.post("/api/articles", json={"article": draft}, headers=token)
    slug = created.json()["article"]["slug"]
    client.delete(f"/api/articles/{slug}", headers=token)

    async def read() -> tuple[list[str], int, int]:
        async with app.state.sessions.reading() as session:
            names = await session.scalars(select(Event.name).order_by(Event.id))
            newest = await session.scalar(select(func.max(Event.id)))
            counter = await session.scalar(select(EventCounter.value))
            return list(names), newest, counter

    assert client.portal is not None
    names, newest, counter = client.portal.call(read)
    assert names[-2:] == ["article.created", "article.deleted"]
    assert newest == counter


def test_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting ends the process with a line that names it."""
    from conduit.settings import get_settings

    monkeypatch.setenv("CONDUIT_DATABASE_POOL_SIZE", "none")
    get_settings.cache_clear()
    with pytest.raises(SystemExit, match="CONDUIT_DATABASE_POOL_SIZE"):
        get_settings()
    get_settings.cache_clear()
