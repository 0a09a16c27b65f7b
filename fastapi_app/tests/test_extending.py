"""Code that is added to the app works as in any FastAPI app."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from inspect import isasyncgenfunction, iscoroutinefunction
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import (
    BackgroundTasks,
    Body,
    FastAPI,
    HTTPException,
    Query,
    Request,
    Response,
    WebSocket,
    WebSocketException,
)
from fastapi.dependencies.models import Dependant
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from starlette.routing import Mount, Router
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from conduit import health
from conduit.accounts import api as accounts
from conduit.accounts import services as account_services
from conduit.accounts.auth import CurrentUser, Viewer
from conduit.accounts.models import User
from conduit.articles import api as articles
from conduit.articles import services
from conduit.articles.models import Favorite, Tag
from conduit.articles.schemas import Page
from conduit.comments import api as comments
from conduit.database import ReadSession, SessionsDep, WriteSession
from conduit.errors import Forbidden, Unavailable
from conduit.logs import without_repetition
from conduit.main import create_app
from conduit.settings import Settings, SettingsDep, load_settings


@pytest.fixture
def own(app: FastAPI) -> FastAPI:
    """A separate app on the same database, to add routes to."""
    return create_app(load_settings())


@pytest.fixture
def browser(own: FastAPI) -> Iterator[TestClient]:
    """A client of that app that gets a 500 for an exception, like a browser."""
    with TestClient(own, raise_server_exceptions=False) as client:
        yield client


def refusing(error: Exception) -> Callable[[], None]:
    def refuse() -> None:
        raise error

    return refuse


@pytest.mark.parametrize(
    ("error", "status", "errors"),
    [
        (HTTPException(403), 403, {"request": ["Forbidden"]}),
        (HTTPException(403, "not yours"), 403, {"request": ["not yours"]}),
        (HTTPException(404), 404, {"route": ["not found"]}),
        (HTTPException(404, "no such thing"), 404, {"request": ["no such thing"]}),
        (HTTPException(418, {"pot": 1}), 418, {"request": [{"pot": 1}]}),
        (HTTPException(500), 500, {"request": ["Internal Server Error"]}),
        (Forbidden(thing="forbidden"), 403, {"thing": ["forbidden"]}),
        (Unavailable(server="unavailable"), 503, {"server": ["unavailable"]}),
    ],
)
def test_http_exception(
    own: FastAPI, browser: TestClient, error: Exception, status: int, errors: dict[str, list[Any]]
) -> None:
    """The response to an `HTTPException` has its status, and a body in the shape of all errors."""
    own.add_api_route("/api/refusing", refusing(error))
    answer = browser.get("/api/refusing")
    assert (answer.status_code, answer.json()) == (status, {"errors": errors})
    assert answer.headers["X-Request-ID"]


def test_the_log_of_a_refusal(
    own: FastAPI, browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A 5xx is logged with its cause."""
    own.add_api_route("/api/refusing", refusing(HTTPException(500, "is broken")))
    browser.get("/api/refusing")
    assert " GET 500: is broken" in caplog.text


def test_headers_of_an_http_exception(own: FastAPI, browser: TestClient) -> None:
    """The headers of an `HTTPException` are on the answer, and 304 has no body."""
    own.add_api_route("/api/later", refusing(HTTPException(429, headers={"Retry-After": "9"})))
    own.add_api_route("/api/same", refusing(HTTPException(304, headers={"ETag": "x"})))
    assert browser.get("/api/later").headers["Retry-After"] == "9"
    same = browser.get("/api/same")
    assert (same.status_code, same.headers["ETag"], same.content) == (304, "x", b"")


def test_failure(own: FastAPI, browser: TestClient) -> None:
    """An unhandled exception is a 500 with the usual headers."""
    own.add_api_route("/api/failing", lambda: 1 // 0)
    answer = browser.get("/api/failing")
    assert (answer.status_code, answer.json()) == (500, {"errors": {"server": ["internal error"]}})
    assert answer.headers["X-Request-ID"]


def test_own_handler_of_failures(own: FastAPI, browser: TestClient) -> None:
    """A handler that is registered for `Exception` makes the response to an unhandled one."""

    @own.exception_handler(Exception)
    async def answer(request: Request, error: Exception) -> Response:
        return Response("sorry", 500)

    own.add_api_route("/api/failing", lambda: 1 // 0)
    assert browser.get("/api/failing").text == "sorry"


def test_own_plain_handler_of_failures(own: FastAPI, browser: TestClient) -> None:
    """The handler may also be an ordinary function."""
    own.add_exception_handler(Exception, lambda request, error: Response("sorry", 500))
    own.add_api_route("/api/failing", lambda: 1 // 0)
    answer = browser.get("/api/failing")
    assert (answer.text, answer.status_code) == ("sorry", 500)
    assert answer.headers["X-Request-ID"]


def test_failure_before_a_socket_is_open(own: FastAPI, token: dict[str, str]) -> None:
    """A WebSocket route may depend on the user, and its exception is raised in the test."""

    @own.websocket("/api/failing")
    async def fail(socket: WebSocket, user: CurrentUser) -> None:
        raise ZeroDivisionError(user.username)

    with (
        TestClient(own) as client,
        pytest.raises(ZeroDivisionError, match="guido"),
        client.websocket_connect("/api/failing", headers=token),
    ):
        pass


def test_failure_of_a_mounted_application(own: FastAPI) -> None:
    """The exception of a mounted application is raised in the test, also one in a socket."""
    mounted = FastAPI()

    async def fail() -> None:
        raise ZeroDivisionError

    async def fail_in_a_socket(socket: WebSocket) -> None:
        raise ZeroDivisionError

    mounted.add_api_route("/fail", fail)
    mounted.add_api_websocket_route("/socket", fail_in_a_socket)
    own.mount("/mounted", mounted)
    with TestClient(own) as client:
        with pytest.raises(ZeroDivisionError), client.websocket_connect("/mounted/socket"):
            pass
        with pytest.raises(ZeroDivisionError):
            client.get("/mounted/fail")


def test_refused_socket(
    own: FastAPI, browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log line of a refused socket has the status that the client gets."""
    caplog.set_level("INFO", "conduit.request")

    @own.websocket("/api/refusing")
    async def refuse(socket: WebSocket) -> None:
        raise WebSocketException(1008)

    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/api/refusing"):
        pass
    assert [" GET /api/refusing 403 " in line for line in caplog.messages] == [True]


def test_a_viewer_who_writes(app: FastAPI, token: dict[str, str]) -> None:
    """The connection that read the viewer is back in the pool before the handler writes."""
    small = create_app(load_settings().model_copy(update={"database_pool_size": 1}))

    async def count(viewer: Viewer, session: WriteSession) -> int | None:
        return await session.scalar(select(User.id))

    small.add_api_route("/api/counting", count, methods=["POST"])
    with TestClient(small) as client:
        assert client.post("/api/counting", headers=token).status_code == 200


@pytest.mark.parametrize("change", ["add", "bulk", "update"])
def test_reading_session_does_not_write(
    own: FastAPI, browser: TestClient, token: dict[str, str], change: str
) -> None:
    """A change in a `ReadSession`, which would be lost, is a 500."""

    async def write(viewer: Viewer, session: ReadSession) -> None:
        if change == "add":
            session.add(Favorite(user_id=1, article_id=1))
        elif change == "bulk":
            await session.run_sync(lambda sync: sync.bulk_save_objects([Tag(name="lost")]))
        elif viewer:
            viewer.bio = "lost"

    own.add_api_route("/api/writing", write, methods=["POST"])
    assert browser.post("/api/writing", headers=token).status_code == 500


def test_login_in_a_transaction(own: FastAPI, browser: TestClient) -> None:
    """A login between other services does not commit their transaction."""

    async def join(session: WriteSession, sessions: SessionsDep, settings: SettingsDep) -> None:
        await account_services.create_user(
            session, settings=settings, username="joiner", email="j@x.org", password="password"
        )
        await account_services.login(
            sessions, settings=settings, email="guido@example.com", password="triptych-demo"
        )
        raise HTTPException(403)

    own.add_api_route("/api/joining", join, methods=["POST"])
    assert browser.post("/api/joining").status_code == 403
    assert browser.get("/api/profiles/joiner").status_code == 404


def test_services_in_one_transaction(
    own: FastAPI, browser: TestClient, token: dict[str, str]
) -> None:
    """A handler reads, calls a service twice and reads again; all is rolled back if it raises."""

    async def favorite_all(user: CurrentUser, session: WriteSession, fail: bool) -> list[bool]:
        page = Page(limit=2)
        found, _ = await services.list_articles(session, {}, page=page, viewer=user)
        for article in found:
            await services.favorite_article(session, slug=article.slug, user=user)
        found, _ = await services.list_articles(session, {}, page=page, viewer=user)
        if fail:
            raise HTTPException(403)
        return [article.favorited for article in found]

    own.add_api_route("/api/favorite-all", favorite_all, methods=["POST"])
    before = browser.get("/api/articles?favorited=guido").json()["articlesCount"]
    assert browser.post("/api/favorite-all?fail=1", headers=token).status_code == 403
    assert browser.get("/api/articles?favorited=guido").json()["articlesCount"] == before
    assert browser.post("/api/favorite-all?fail=0", headers=token).json() == [True, True]


def test_a_commit_in_a_handler(own: FastAPI, browser: TestClient) -> None:
    """A handler may commit and refresh a row from the database."""

    async def add_tag(session: WriteSession) -> str:
        tag = Tag(name="committed")
        session.add(tag)
        await session.commit()
        await session.refresh(tag)
        return tag.name

    own.add_api_route("/api/tagging", add_tag, methods=["POST"])
    assert browser.post("/api/tagging").json() == "committed"
    assert own.state.sessions.engine.pool.checkedout() == 0


def test_a_session_after_its_request(own: FastAPI, browser: TestClient) -> None:
    """A session that is used after the handler has returned fails, and keeps no connection."""
    failures: list[str] = []

    async def read_late(session: ReadSession) -> None:
        try:
            await session.scalar(select(User.id))
        except InvalidRequestError as error:
            failures.append(str(error))

    def start(session: ReadSession, tasks: BackgroundTasks) -> None:
        tasks.add_task(read_late, session)

    own.add_api_route("/api/late", start)
    assert browser.get("/api/late").status_code == 200
    assert "closed" in failures[0]
    assert own.state.sessions.engine.pool.checkedout() == 0


def test_a_reference_to_nothing(own: FastAPI, browser: TestClient, token: dict[str, str]) -> None:
    """A foreign key that a bug violates is a 500, and not a missing user."""

    async def refer(user: CurrentUser, session: WriteSession) -> None:
        session.add(Favorite(user_id=user.id, article_id=10**9))

    own.add_api_route("/api/referring", refer, methods=["POST"])
    assert browser.post("/api/referring", headers=token).status_code == 500


@pytest.mark.parametrize("body", [b"", b'{"name": "x"', b'{"name": NaN}', b"{}", b'{"name": "x"}'])
def test_an_optional_body(own: FastAPI, browser: TestClient, body: bytes) -> None:
    """Only an empty body counts as missing: invalid JSON is a 400 here too."""

    class Named(BaseModel):
        name: str = "nobody"

    def show(named: Named | None = None) -> str | None:
        return named.name if named else None

    own.add_api_route("/api/naming", show, methods=["PUT"])
    answer = browser.put("/api/naming", content=body, headers={"Content-Type": "application/json"})
    expected = {b"": (200, None), b"{}": (200, "nobody"), b'{"name": "x"}': (200, "x")}
    invalid = (400, {"errors": {"body": ["is not valid JSON"]}})
    assert (answer.status_code, answer.json()) == expected.get(body, invalid)


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"name": NaN}', 400), (b"", 400), (b"null", 200)]
)
def test_a_body_that_may_be_null(
    own: FastAPI, browser: TestClient, body: bytes, status: int
) -> None:
    """`null` is a valid body there, and invalid JSON is a 400."""

    def show(value: Annotated[Any, Body()]) -> Any:
        return value

    own.add_api_route("/api/null", show, methods=["PUT"])
    answer = browser.put("/api/null", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


def test_the_bytes_of_a_body(own: FastAPI, browser: TestClient) -> None:
    """A route without a body parameter can read the bytes, for example to check a signature."""

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    own.add_api_route("/api/echo", echo, methods=["POST"])
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"not json", b'\xef\xbb\xbf{"a": 1}'):
        assert browser.post("/api/echo", content=body, headers=headers).content == body


def test_the_time_of_a_background_task(
    own: FastAPI, browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the time until the response was sent; a background task comes after it."""

    def start(tasks: BackgroundTasks) -> None:
        tasks.add_task(time.sleep, 0.5)

    own.add_api_route("/api/starting", start)
    caplog.set_level(logging.INFO, "conduit.request")
    browser.get("/api/starting")
    [line] = [each for each in caplog.messages if "/api/starting" in each]
    assert float(line.split()[-1].removesuffix("ms")) < 500


def test_failure_in_a_test(own: FastAPI) -> None:
    """Starlette's test client raises an unhandled exception in the test."""
    own.add_api_route("/api/failing", lambda: 1 // 0)
    with TestClient(own) as client, pytest.raises(ZeroDivisionError):
        client.get("/api/failing")


def test_sync_route_with_a_user(own: FastAPI, browser: TestClient, token: dict[str, str]) -> None:
    """A route that requires a token may be an ordinary function."""

    def named(user: CurrentUser) -> str:
        return user.username

    own.add_api_route("/api/named", named)
    assert browser.get("/api/named", headers=token).json() == "guido"


def test_vary(app: FastAPI) -> None:
    """The `Vary` of a route is kept, with any setting of the allowed origins."""
    other = create_app(load_settings().model_copy(update={"cors_origins": "https://a.example"}))
    other.add_api_route("/api/varying", lambda: Response(headers={"Vary": "Accept-Language"}))
    with TestClient(other) as client:
        answer = client.get("/api/varying")
    assert answer.headers["Vary"] == "Accept-Language, Origin"


def test_settings_of_the_app(client: TestClient, token: dict[str, str]) -> None:
    """An app uses the settings that it was created with, not those of the environment."""
    settings = load_settings().model_copy(
        update={"secret_key": "another secret that is long enough for it", "token_lifetime": 60}
    )
    user = {"email": "guido@example.com", "password": "triptych-demo"}
    with TestClient(create_app(settings)) as other:
        answer = other.post("/api/users/login", json={"user": user})
        theirs = {"Authorization": f"Token {answer.json()['user']['token']}"}
        assert other.get("/api/user", headers=theirs).status_code == 200
        assert other.get("/api/user", headers=token).status_code == 401
    assert client.get("/api/user", headers=theirs).status_code == 401


def test_database_of_the_app() -> None:
    """Creating an app opens no connection; starting it uses the database in its settings."""
    settings = Settings(database_url="postgresql://127.0.0.1:1/nowhere", database_timeout=1)
    with TestClient(create_app(settings)) as client:
        assert client.get("/api/health").status_code == 503


@pytest.mark.parametrize("part", [accounts, articles, comments, health])
def test_dependencies_wait_for_no_thread(part: ModuleType) -> None:
    """No dependency is an ordinary function, which would wait for a thread of a shared pool."""

    def calls(dependant: Dependant) -> Iterator[Dependant]:
        for part in dependant.dependencies:
            yield part
            yield from calls(part)

    for route in part.router.routes:
        for each in calls(route.dependant):
            is_security = hasattr(each.call, "scheme_name")
            assert is_security or iscoroutinefunction(each.call) or isasyncgenfunction(each.call)


def test_document_by_its_name(own: FastAPI, browser: TestClient) -> None:
    """`app.openapi()` is the document that is served, before the first request and after it."""
    served = browser.get("/api/openapi.json").json()
    assert own.openapi() == served
    # A new app, because `own` has cached the document by now.
    assert create_app(load_settings()).openapi() == served


def test_prefix_of_the_settings(app: FastAPI) -> None:
    """A prefix causes no warning, and is in the document before the first request too."""
    other = create_app(load_settings().model_copy(update={"root_path": "/v1"}))
    assert other.openapi()["servers"] == [{"url": "/v1"}]
    with TestClient(other) as client:
        assert client.get("/v1/api/openapi.json").json() == other.openapi()


def test_mounted(own: FastAPI, browser: TestClient) -> None:
    """Mounted in another application, the app has the prefix of its mount."""
    # The other application does not run the lifespan of the app: `browser` does.
    client = TestClient(Router([Mount("/v1", own)]), follow_redirects=False)
    assert client.get("/v1/").headers["Location"] == "/v1/api/docs"
    assert client.get("/v1/api/tags").status_code == 200
    answer = client.get("/v1/api/openapi.json")
    assert answer.json()["servers"] == [{"url": "/v1"}]


def test_write_session_that_only_reads(own: FastAPI, browser: TestClient) -> None:
    """A `WriteSession` that has only read keeps no connection after its request."""

    async def forget(session: WriteSession) -> int:
        return len((await session.scalars(select(User.id))).all())

    own.add_api_route("/api/forgetful", forget)
    assert browser.get("/api/forgetful").json() > 0
    assert own.state.sessions.engine.pool.checkedout() == 0


def test_rollback_of_a_connection(own: FastAPI, browser: TestClient) -> None:
    """A connection of the engine for transactions rolls back what its sessions have committed."""

    async def try_out(sessions: SessionsDep) -> None:
        async with sessions.writing_engine.connect() as connection:
            outer = await connection.begin()
            async with sessions.writing(bind=connection) as session:
                session.add(Tag(name="tried"))
                await session.commit()
            await outer.rollback()

    async def count(session: ReadSession) -> int:
        return len((await session.scalars(select(Tag).where(Tag.name == "tried"))).all())

    own.add_api_route("/api/trying", try_out)
    own.add_api_route("/api/tried", count)
    assert browser.get("/api/trying").status_code == 200
    assert browser.get("/api/tried").json() == 0


def test_messages_of_other_validators(own: FastAPI, browser: TestClient) -> None:
    """A message of another validator is returned unchanged, with any characters."""

    def refuse(value: str) -> str:
        raise ValueError("use {braces}")

    async def take(
        id: UUID, ids: Annotated[list[int], Query()], word: Annotated[str, AfterValidator(refuse)]
    ) -> None:
        """Take them."""

    own.add_api_route("/api/taking/{id}", take)
    response = browser.get("/api/taking/%7B", params={"ids": ["a"], "word": "x"})
    assert response.status_code == 422
    assert list(response.json()["errors"]) == ["id", "ids", "word"]
    assert response.json()["errors"]["word"] == ["Value error, use {braces}"]


def test_added_socket(own: FastAPI, browser: TestClient) -> None:
    """A WebSocket route that is added works; a missing one is 404."""

    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")

    own.add_api_websocket_route("/api/greeting", greet)
    with browser.websocket_connect("/api/greeting") as socket:
        assert socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        browser.websocket_connect("/api/nothing"),
    ):
        pass
    assert denied.value.status_code == 404


def test_exceptions_are_logged_once() -> None:
    """The server logs an exception only if the app has not logged it."""
    is_new = without_repetition()
    error: Any = ZeroDivisionError()
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, "", 0, "Exception in ASGI", (), (type(error), error, None)
    )
    assert is_new(record)
    error.is_logged = True
    assert not is_new(record)


def test_document_of_an_added_route(own: FastAPI, browser: TestClient) -> None:
    """A route that is added is documented as in any FastAPI app."""

    async def count(limit: int) -> int:
        return limit

    own.add_api_route("/api/count", count, summary="Count")
    document = browser.get("/api/openapi.json").json()
    operation = document["paths"]["/api/count"]["get"]
    assert operation["summary"] == "Count"
    assert set(operation["responses"]) == {"200", "422"}


def test_failure_at_the_start(own: FastAPI) -> None:
    """An exception during the start of an app is raised unchanged."""

    @asynccontextmanager
    async def failing(app: FastAPI) -> AsyncIterator[None]:
        raise ConnectionRefusedError
        yield

    own.router.lifespan_context = failing
    with pytest.raises(ConnectionRefusedError), TestClient(own):
        pass
