"""An application on a migrated database of its own, filled with the demo site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient

FOLDER = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("database") / "conduit.sqlite3"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONDUIT_DATABASE_URL", f"sqlite:///{database}")
        environment.setenv("CONDUIT_PASSWORD_HASHING", "fast")
        command.upgrade(Config(FOLDER / "alembic.ini"), "head")
        from conduit import create_app

        app = create_app()
        seeding = app.test_cli_runner().invoke(args=["seed"])
        assert seeding.exit_code == 0, seeding.output
        yield app
        app.extensions["database"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(client: FlaskClient) -> dict[str, str]:
    """The headers of somebody signed in."""
    user = {"email": "guido@example.com", "password": "triptych-demo"}
    answer = client.post("/api/users/login", json={"user": user})
    return {"Authorization": f"Token {answer.get_json()['user']['token']}"}
