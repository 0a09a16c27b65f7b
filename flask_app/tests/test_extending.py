"""Code that is added to the app works as in any Flask app."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from flask import Flask, Response, abort, g, got_request_exception, request, session, url_for
from flask.testing import FlaskClient
from flask.views import MethodView
from flask_openapi.models.tag import Tag as DocumentTag
from flask_openapi.openapi import OpenAPI
from sqlalchemy import delete, event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from conduit import create_app
from conduit.accounts import auth
from conduit.accounts import services as account_services
from conduit.accounts.auth import login_required
from conduit.accounts.models import User
from conduit.articles import services
from conduit.articles.models import Favorite, Tag
from conduit.articles.schemas import Page
from conduit.database import db
from conduit.errors import ApiError, Forbidden, Unauthorized, Unavailable
from conduit.logs import is_not_a_request
from conduit.schemas import ErrorResponse


@pytest.fixture
def own(app: Flask) -> Iterator[Flask]:
    """A separate app on the same database, to add views to."""
    own = create_app()
    yield own
    own.extensions["database"].engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "status", "errors"),
    [
        ((403, "not yours"), 403, {"request": ["not yours"]}),
        ((404,), 404, {"route": ["not found"]}),
        ((404, "no such thing"), 404, {"request": ["no such thing"]}),
        ((418, "a teapot"), 418, {"request": ["a teapot"]}),
        ((500,), 500, {"server": ["internal error"]}),
    ],
)
def test_abort(
    own: Flask, arguments: tuple[Any, ...], status: int, errors: dict[str, list[str]]
) -> None:
    """The response to `abort` has its status, and a body in the shape of all errors."""
    own.add_url_rule("/api/refusing", view_func=lambda: abort(*arguments))
    answer = own.test_client().get("/api/refusing")
    assert answer.status_code == status
    assert answer.get_json() == {"errors": errors}
    assert answer.headers["X-Request-ID"]


def test_abort_without_a_description(own: Flask) -> None:
    """`abort` with only a status returns Werkzeug's description of the status."""
    own.add_url_rule("/api/refusing", view_func=lambda: abort(403))
    answer = own.test_client().get("/api/refusing")
    assert answer.status_code == 403
    assert "permission" in answer.get_json()["errors"]["request"][0]


def test_the_log_of_a_refusal(own: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A 5xx is logged with its cause."""
    own.add_url_rule("/api/away", "away", view_func=lambda: abort(503, "is away"))
    own.add_url_rule("/api/broken", "broken", view_func=lambda: abort(500, "is broken"))
    for path in ("/api/away", "/api/broken"):
        own.test_client().get(path)
    assert " GET 503: is away" in caplog.text
    assert " GET 500: is broken" in caplog.text


def test_an_error_without_a_status(own: Flask) -> None:
    """An `ApiError` without a status of its own is a 500."""

    class QuotaExceeded(ApiError):
        pass

    def refuse() -> str:
        raise QuotaExceeded(articles="are too many")

    own.add_url_rule("/api/full", view_func=refuse)
    answer = own.test_client().get("/api/full")
    assert answer.status_code == 500
    assert answer.get_json() == {"errors": {"articles": ["are too many"]}}


def test_abort_with_a_response(own: Flask) -> None:
    """`abort` with a response returns this response."""
    own.add_url_rule("/api/refusing", view_func=lambda: abort(Response("gone", 410)))
    answer = own.test_client().get("/api/refusing")
    assert (answer.status_code, answer.text) == (410, "gone")


@pytest.mark.parametrize(
    ("error", "status", "errors"),
    [
        (Forbidden(thing="forbidden"), 403, {"thing": ["forbidden"]}),
        (Unavailable(server="unavailable"), 503, {"server": ["unavailable"]}),
    ],
)
def test_domain_error(own: Flask, error: Exception, status: int, errors: Any) -> None:
    """A view may raise the errors of the API."""

    def refusing() -> str:
        raise error

    own.add_url_rule("/api/refusing", view_func=refusing)
    answer = own.test_client().get("/api/refusing")
    assert (answer.status_code, answer.get_json()) == (status, {"errors": errors})


@pytest.mark.parametrize(
    "returned",
    [
        ("made", 201, {"X-Made": "yes"}),
        ({"made": True}, 201, {"X-Made": "yes"}),
        (ErrorResponse(errors={}), 201, {"X-Made": "yes"}),
    ],
)
def test_return_values(own: Flask, returned: Any) -> None:
    """A view may return a body, a status and headers."""
    own.add_url_rule("/api/making", view_func=lambda: returned)
    answer = own.test_client().get("/api/making")
    assert (answer.status_code, answer.headers["X-Made"]) == (201, "yes")


def test_async_view(own: Flask, token: dict[str, str]) -> None:
    """A view that requires a token may be a coroutine function."""

    @own.get("/api/asynchronous")
    @login_required
    async def asynchronous() -> str:
        return str(g.user.username)

    assert own.test_client().get("/api/asynchronous", headers=token).text == "guido"


def fail() -> str:
    return str(1 // 0)


def test_failure(own: Flask) -> None:
    """An unhandled exception is a 500, and Flask sends its signal."""
    failures: list[Exception] = []

    def note(app: Flask, exception: Exception) -> None:
        failures.append(exception)

    own.add_url_rule("/api/failing", view_func=fail)
    with got_request_exception.connected_to(note, own):
        answer = own.test_client().get("/api/failing")
    assert answer.status_code == 500
    assert answer.get_json() == {"errors": {"server": ["internal error"]}}
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


def test_failure_in_a_test(own: Flask) -> None:
    """With `testing`, an unhandled exception is raised in the test."""
    own.testing = True
    own.add_url_rule("/api/failing", view_func=fail)
    with pytest.raises(ZeroDivisionError):
        own.test_client().get("/api/failing")


def test_vary(own: Flask) -> None:
    """The `Vary` of a view is kept, with any setting of the allowed origins."""
    other = create_app({"ORIGINS": frozenset({"https://front.example"})})
    other.add_url_rule("/api/varying", view_func=lambda: ("x", 200, {"Vary": "Accept-Language"}))
    answer = other.test_client().get("/api/varying")
    assert set(answer.vary) == {"Accept-Language", "Origin"}
    other.extensions["database"].engine.dispose()


def test_settings_of_the_app(own: Flask, client: FlaskClient, token: dict[str, str]) -> None:
    """An app uses the settings that it was created with, not those of the environment."""
    secret = "another secret that is long enough for it"
    other = create_app({"SECRET_KEY": secret, "TOKEN_LIFETIME": 60})
    user = {"email": "guido@example.com", "password": "triptych-demo"}
    answer = other.test_client().post("/api/users/login", json={"user": user})
    theirs = {"Authorization": f"Token {answer.get_json()['user']['token']}"}
    assert other.test_client().get("/api/user", headers=theirs).status_code == 200
    assert other.test_client().get("/api/user", headers=token).status_code == 401
    assert client.get("/api/user", headers=theirs).status_code == 401
    other.extensions["database"].engine.dispose()


def test_session_in_a_shell(app: Flask) -> None:
    """In an application context, as in `flask shell`, there is a session too."""
    with app.app_context():
        assert db.session.connection().exec_driver_sql("SELECT 1").scalar() == 1


def test_first_requests_of_the_document(own: Flask) -> None:
    """The first requests for the document, in parallel, get the same bytes as a later one."""
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(own.test_client().get, "/api/openapi.json") for _ in range(8)]
        first = {answer.result().data for answer in asked}
    assert first == {own.test_client().get("/api/openapi.json").data}


def test_mounted(own: Flask) -> None:
    """Mounted in another application, the app has the prefix of its mount."""
    client = Client(DispatcherMiddleware(NotFound(), {"/v1": own}))
    assert client.get("/v1/").headers["Location"] == "/v1/api/docs"
    assert client.get("/v1/api/tags").status_code == 200
    answer = client.get("/v1/api/openapi.json")
    assert answer.get_json()["servers"] == [{"url": "/v1"}]


def test_login_on_a_plain_view(own: Flask, token: dict[str, str]) -> None:
    """`login_required` guards any view: plain, below another decorator, a method of a class."""

    @own.route("/api/plain/<int:number>")
    @login_required
    def plain(number: int) -> dict[str, Any]:
        return {"number": number, "username": g.user.username}

    def bare(view: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            return view(*args, **named)

        return call

    class Plain(MethodView):
        @login_required
        def get(self, number: int) -> dict[str, Any]:
            return {"number": number, "username": g.user.username}

    own.add_url_rule("/api/class/<int:number>", view_func=Plain.as_view("class"))
    own.add_url_rule("/api/below/<int:number>", "below", bare(plain))
    client = own.test_client()
    for path in ("/api/plain/7", "/api/class/7", "/api/below/7"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=token).json == {"number": 7, "username": "guido"}


def test_login_with_one_connection(app: Flask, token: dict[str, str]) -> None:
    """`login_required` needs no second connection if the request has read or is writing."""
    options = {"DATABASE_POOL_SIZE": 1, "DATABASE_TIMEOUT": 1}
    small = create_app(options | {"DATABASE_URL": app.config["DATABASE_URL"]})

    @small.before_request
    def read() -> None:
        db.session.scalar(select(User.id).limit(1))

    @login_required
    def plain() -> str:
        return str(g.user.username)

    def writing() -> Any:
        with db.begin():
            return plain()

    small.add_url_rule("/api/reading", view_func=lambda: plain())
    small.add_url_rule("/api/writing", view_func=writing)
    for path in ("/api/reading", "/api/writing"):
        assert small.test_client().get(path, headers=token).text == "guido"
    small.extensions["database"].engine.dispose()


def test_services_in_one_transaction(own: Flask, token: dict[str, str]) -> None:
    """Services called in `db.begin` share its transaction, and read what it has written."""

    def count() -> int:
        return len(services.list_articles({}, page=Page(limit=100), viewer=None)[0])

    with own.app_context():
        author = db.session.scalars(select(User)).first()
        assert author is not None
        before = count()
        with pytest.raises(ZeroDivisionError), db.begin():
            for title in ("One", "Two"):
                services.create_article(author=author, title=title, description="d", body="b")
            assert count() == before + 2
            1 / 0  # noqa: B018
        assert count() == before


def test_reads_write_nothing(app: Flask) -> None:
    """The session for reading refuses a statement that writes, which could not be undone."""
    with app.app_context(), pytest.raises(RuntimeError, match="only reads"):
        db.session.execute(insert(Tag).values(name="x"))


def test_request_of_an_added_view(own: Flask) -> None:
    """The request is Flask's own: all values of a parameter, and JSON that may be missing."""

    @own.post("/api/echo")
    def echo() -> dict[str, Any]:
        return {"tags": request.args.getlist("tag"), "json": request.get_json(silent=True)}

    response = own.test_client().post("/api/echo?tag=a&tag=b", data="x")
    assert response.json == {"tags": ["a", "b"], "json": None}


def test_documented_words(own: Flask) -> None:
    """The document keeps the options of a route."""
    answer = {"description": "An array", "content": {"application/json": {}}}
    tag = DocumentTag(name="Mine", description="What I have added.")
    cast(OpenAPI, own).get("/api/mine", deprecated=True, responses={200: answer}, tags=[tag])(
        lambda: []
    )
    document = own.test_client().get("/api/openapi.json").get_json()
    mine = document["paths"]["/api/mine"]["get"]
    assert mine["deprecated"]
    assert mine["responses"] == {"200": answer}
    assert document["tags"][-1] == {"name": "Mine", "description": "What I have added."}


def test_a_limit_of_its_own(own: Flask) -> None:
    """A view can set its own limit, and the error says what was too large."""

    def upload() -> str:
        request.max_content_length = 3_000_000
        return ",".join(request.form)

    own.add_url_rule("/api/upload", view_func=upload, methods=["POST"])
    client = own.test_client()
    for size, words in (
        (3_000_000, "is too large (maximum is 3000000 bytes)"),
        (2_000_000, "has too many fields, or one that is too large"),
    ):
        head = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
        form = f"{head}{'y' * size}\r\n--x--\r\n"
        answer = client.post(
            "/api/upload", data=form, content_type="multipart/form-data; boundary=x"
        )
        assert (answer.status_code, answer.get_json()) == (413, {"errors": {"body": [words]}})


def test_a_user_who_was_deleted(own: Flask) -> None:
    """A write for a user who was deleted is a 401, also if the user is in the writing session."""

    def write() -> str:
        with db.sessions.writing.begin() as other:
            other.execute(delete(User).where(User.username == "leaver"))
        with db.begin() as session:
            session.add(g.user)
            session.add(Favorite(user_id=g.user.id, article_id=1))
        return ""

    own.add_url_rule("/api/writing", view_func=login_required(write), methods=["POST"])
    client = own.test_client()
    user = {"username": "leaver", "email": "leaver@example.com", "password": "a long password"}
    made = client.post("/api/users", json={"user": user}).get_json()["user"]
    headers = {"Authorization": f"Token {made['token']}"}
    assert client.post("/api/writing", headers=headers).status_code == 401


def test_address_of_the_host(own: Flask) -> None:
    """`url_for` makes addresses with the host of the request."""

    @own.get("/api/address")
    def address() -> dict[str, str]:
        return {"url": url_for("address", _external=True)}

    response = own.test_client().get("/api/address", base_url="https://conduit.example:8443")
    assert response.json == {"url": "https://conduit.example:8443/api/address"}


def test_abort_before_the_hooks(own: Flask) -> None:
    """A refusal before any hook of the app has an id and the usual headers."""

    @own.url_value_preprocessor
    def refuse(endpoint: str | None, values: dict[str, Any] | None) -> None:
        abort(403)

    response = own.test_client().get("/api/tags")
    assert (response.status_code, response.headers["X-Frame-Options"]) == (403, "DENY")
    assert response.headers["X-Request-ID"]


def test_reading_session_does_not_write(app: Flask) -> None:
    """A session for reading has no transaction to roll back, so it refuses to write."""
    with app.app_context():
        with pytest.raises(RuntimeError, match="only reads"):
            db.session.bulk_save_objects([Tag(name="never")])
        with pytest.raises(RuntimeError, match="only reads"):
            db.session.bulk_insert_mappings(Tag, [{"name": "never"}])
        db.session.add(Tag(name="never"))
        with pytest.raises(RuntimeError, match="only reads"):
            db.session.flush()


def test_reading_session_does_not_commit(app: Flask) -> None:
    """A change outside of a transaction is refused, and not silently lost."""
    with app.app_context():
        user = db.session.get_one(User, 1)
        user.bio = "lost"
        with pytest.raises(RuntimeError, match="only reads"):
            db.session.commit()
        with pytest.raises(RuntimeError, match="only reads"), db.begin():
            pass
        db.session.expunge_all()


def test_login_in_a_transaction(app: Flask) -> None:
    """A login between other services does not commit their transaction."""
    with app.app_context(), pytest.raises(Forbidden), db.begin():
        account_services.create_user(username="joiner", email="j@x.org", password="password")
        account_services.login(email="guido@example.com", password="triptych-demo")
        assert account_services.get_profile(username="joiner", viewer=None)
        raise Forbidden(thing="forbidden")
    assert app.test_client().get("/api/profiles/joiner").status_code == 404


def test_preflight_without_the_contract() -> None:
    """A preflight needs no token; other methods need one."""
    bare = Flask(__name__)
    auth.register(bare)
    bare.register_error_handler(Unauthorized, lambda error: ("", 401))
    bare.add_url_rule("/", view_func=login_required(lambda: ""))
    client = bare.test_client()
    assert [client.options("/").status_code, client.head("/").status_code] == [200, 401]


def test_two_tasks_of_a_view(own: Flask) -> None:
    """Two tasks of one asynchronous view cannot share a transaction."""

    @own.get("/api/two")
    async def write_twice() -> list[str]:
        async def write(wait: float) -> None:
            with db.begin():
                await asyncio.sleep(wait)

        async def read() -> None:
            db.session.get(User, 1)

        results = await asyncio.gather(write(0.01), write(0), read(), return_exceptions=True)
        return [str(result) for result in results]

    first, *others = own.test_client().get("/api/two").get_json()
    assert first == "None"
    assert ["another task" in each for each in others] == [True, True]


def test_a_hook_of_the_commit(app: Flask) -> None:
    """A hook that runs at the commit is in the transaction, and so are the services it calls."""
    found = []

    def look(session: Session, *_: Any) -> None:
        found.append(db.session is session)

    with app.app_context():
        event.listen(db.sessions.writing, "before_flush", look)
        try:
            with pytest.raises(IntegrityError), db.begin() as session:
                session.add(Tag(name=None))
        finally:
            event.remove(db.sessions.writing, "before_flush", look)
    assert found == [True]


def test_two_threads_of_a_view(own: Flask) -> None:
    """A thread of a view cannot join another thread's transaction, which may be rolled back."""

    @own.get("/api/two")
    async def write_twice() -> list[str]:
        entered = threading.Event()

        def write() -> None:
            with db.begin():
                entered.set()
                refused.wait(5)

        def write_beside() -> None:
            entered.wait(5)
            try:
                with db.begin():
                    pass
            finally:
                refused.set()

        refused = threading.Event()
        threads = (asyncio.to_thread(write), asyncio.to_thread(write_beside))
        return [str(result) for result in await asyncio.gather(*threads, return_exceptions=True)]

    first, second = own.test_client().get("/api/two").get_json()
    assert first == "None"
    assert "another task or thread" in second


def test_requests_in_one_app_context(own: Flask, token: dict[str, str]) -> None:
    """A request in the app context of an earlier request does not inherit its user."""

    class Named(MethodView):
        decorators = [login_required]

        def get(self) -> str:
            return str(g.user.username)

    own.add_url_rule("/api/named", view_func=Named.as_view("named"))
    own.get("/api/me")(login_required(lambda: "x"))
    client = own.test_client()
    with own.app_context():
        first = client.get("/api/me", headers=token)
        second = client.get("/api/named")
    assert (first.status_code, second.status_code) == (200, 401)
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_session_cookie(own: Flask) -> None:
    """A view may use Flask's session, and only its response sets a cookie."""

    @own.get("/api/counting")
    def count() -> str:
        session["n"] = 1
        return "x"

    client = own.test_client()
    assert "Set-Cookie" in client.get("/api/counting").headers
    assert "Set-Cookie" not in own.test_client().get("/api/tags").headers


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("db upgrade nosuch", "Can't locate revision"),
        ("db downgrade -9", "Relative revision -9 didn't produce 9 migrations"),
    ],
)
def test_wrong_revision(own: Flask, command: str, message: str) -> None:
    """A revision that does not exist is reported in one line."""
    done = own.test_cli_runner().invoke(args=command.split())
    assert done.exit_code == 1
    assert message in done.output
    assert "Traceback" not in done.output


def test_no_seed_in_production(own: Flask) -> None:
    """The demo site has a published password."""
    own.config["ENV"] = "production"
    done = own.test_cli_runner().invoke(args=["seed"])
    assert (done.exit_code, "published" in done.output) == (1, True)


def test_database_in_memory() -> None:
    """A database in memory is refused: it would be a new one for each connection."""
    with pytest.raises(ValueError, match="must name a file"):
        create_app({"DATABASE_URL": "sqlite:///:memory:"})


def test_log_of_the_development_server() -> None:
    """The development server logs its address, but no requests, which may contain tokens."""
    for line, logged in ((" * Running on http://x", True), ('%s - - [%s] "GET /?token=x"', False)):
        record = logging.LogRecord("werkzeug", logging.INFO, "", 1, line, None, None)
        assert is_not_a_request(record) is logged
