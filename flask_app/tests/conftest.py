"""An application on a separate, migrated database that is filled with the demo site."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("database") / "conduit.sqlite3"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CONDUIT_DATABASE_URL", f"sqlite:///{database}")
        environment.setenv("CONDUIT_PASSWORD_HASHING", "fast")
        from conduit import create_app

        app = create_app()
        for command in (["db", "upgrade"], ["seed"]):
            done = app.test_cli_runner().invoke(args=command)
            assert done.exit_code == 0, done.output
        yield app
        app.extensions["database"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(client: FlaskClient) -> dict[str, str]:
    """The headers of a user who is logged in."""
    user = {"email": "guido@example.com", "password": "triptych-demo"}
    answer = client.post("/api/users/login", json={"user": user})
    return {"Authorization": f"Token {answer.get_json()['user']['token']}"}
