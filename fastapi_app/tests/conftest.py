"""An application on a separate, migrated database that is filled with the demo site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from conduit.database import Sessions

FOLDER = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    database = tmp_path_factory.mktemp("database") / "conduit.sqlite3"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONDUIT_DATABASE_URL", f"sqlite:///{database}")
        environment.setenv("CONDUIT_PASSWORD_HASHING", "fast")
        command.upgrade(Config(FOLDER / "alembic.ini"), "head")
        from conduit.accounts.passwords import get_hasher
        from conduit.database.engine import make_sync_engine, with_transactions
        from conduit.demo import PASSWORD
        from conduit.main import create_app
        from conduit.seed import seed
        from conduit.settings import load_settings

        settings = load_settings()
        engine = with_transactions(make_sync_engine(settings.database_url))
        with Session(engine) as session, session.begin():
            seed(session, get_hasher(settings).hash(PASSWORD))
        engine.dispose()
        yield create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def sessions(app: FastAPI, client: TestClient) -> Sessions:
    """The sessions of the app, while the client runs the app."""
    sessions: Sessions = app.state.sessions
    return sessions


@pytest.fixture
def token(client: TestClient) -> dict[str, str]:
    """The headers of a user who is logged in."""
    user = {"email": "guido@example.com", "password": "triptych-demo"}
    answer = client.post("/api/users/login", json={"user": user})
    return {"Authorization": f"Token {answer.json()['user']['token']}"}
