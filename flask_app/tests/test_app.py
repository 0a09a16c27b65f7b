"""What a caller from outside cannot see: the factory, the commands, and the tables behind."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from conduit import create_app
from conduit.live.models import Event, EventCounter
from conduit.settings import Settings


def test_factory(app: Flask) -> None:
    """The factory takes settings, and makes applications that share nothing."""
    settings = Settings()
    settings.ORIGINS = frozenset({"https://front.example"})
    other = create_app(settings)
    answer = other.test_client().get("/api/nothing", headers={"Origin": "https://front.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://front.example"
    assert app.test_client().get("/api/nothing").headers["Access-Control-Allow-Origin"] == "*"
    other.extensions["sessions"].engine.dispose()


def test_seed_twice(app: Flask) -> None:
    """The demo site is not poured over a site that is in use."""
    seeding = app.test_cli_runner().invoke(args=["seed"])
    assert seeding.exit_code == 1
    assert "has users already" in seeding.output


def test_events(app: Flask, client: FlaskClient, token: dict[str, str]) -> None:
    """A change writes its event with the number that the counter then has."""
    draft = {"title": "An event", "description": "d", "body": "b", "tagList": []}
    created = client.post("/api/articles", json={"article": draft}, headers=token)
    client.delete(f"/api/articles/{created.get_json()['article']['slug']}", headers=token)
    with app.extensions["sessions"].reading() as session:
        names = list(session.scalars(select(Event.name).order_by(Event.id)))
        newest = session.scalar(select(func.max(Event.id)))
        counter = session.scalar(select(EventCounter.value))
    assert names[-2:] == ["article.created", "article.deleted"]
    assert newest == counter


def test_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting is an error that names it."""
    monkeypatch.setenv("CONDUIT_DATABASE_POOL_SIZE", "none")
    with pytest.raises(ValueError, match="CONDUIT_DATABASE_POOL_SIZE"):
        Settings()
