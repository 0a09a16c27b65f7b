"""Django's and Channels' own test clients work, and what fails fails as Django means it."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import Mock, patch

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, TestCase, override_settings
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import HttpError

from conduit import errors, urls
from conduit.accounts.models import User
from conduit.health import HealthResponse, get_health
from conduit.live.hub import hub
from conduit.live.routing import websocket_urlpatterns
from conduit.middleware import SocketMiddleware

FAILURES: dict[str, Callable[[], Exception]] = {
    "missing": Http404,
    "forbidden": PermissionDenied,
    "suspicious": SuspiciousOperation,
    "teapot": partial(HttpError, 418, "is a teapot"),
    "bug": partial(ZeroDivisionError, "a secret"),
}
ANSWERS: dict[str, tuple[int, Any]] = {
    "missing": (404, {"route": ["not found"]}),
    "forbidden": (403, {"request": ["forbidden"]}),
    "suspicious": (400, {"request": ["is malformed"]}),
    "bug": (500, {"server": ["internal error"]}),
}

later = NinjaAPI(urls_namespace="later", openapi_url=None, docs_url=None)
errors.register(later)


@later.get("/{name}")
def fail(request: HttpRequest, name: str) -> None:
    raise FAILURES[name]()


@later.get("/async/{name}")
async def fail_async(request: HttpRequest, name: str) -> None:
    raise FAILURES[name]()


def fail_plainly(request: HttpRequest, name: str) -> HttpResponse:
    raise FAILURES[name]()


urlpatterns = [
    path("api/later/", later.urls),
    path("api/plain/<name>", fail_plainly),
    path("plain/<name>", fail_plainly),
    path("admin/plain/<name>", fail_plainly),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@override_settings(ROOT_URLCONF=__name__)
class FailureTests(TestCase):
    def setUp(self) -> None:
        self.failures: list[HttpRequest | None] = []
        got_request_exception.connect(self.note)
        self.addCleanup(got_request_exception.disconnect, self.note)

    def note(self, sender: Any, request: HttpRequest | None = None, **named: Any) -> None:
        self.failures.append(request)

    def test_answers(self) -> None:
        """Django's exceptions have their status and the contract's shape, wherever raised."""
        client = Client(raise_request_exception=False)
        for name, (status, body) in ANSWERS.items():
            for prefix in ("/api/later", "/api/later/async", "/api/plain", "/plain"):
                with self.subTest(f"{prefix}/{name}"):
                    self.failures.clear()
                    answer = client.get(f"{prefix}/{name}")
                    self.assertEqual(
                        (answer.status_code, answer.json()), (status, {"errors": body})
                    )
                    self.assertIn("X-Request-ID", answer)
                    self.assertEqual(len(self.failures), status == 500)

    def test_errors_of_ninja(self) -> None:
        """Ninja's `HttpError` says its message in the contract's shape."""
        answer = self.client.get("/api/later/teapot")
        self.assertEqual(answer.status_code, 418)
        self.assertEqual(answer.json(), {"errors": {"request": ["is a teapot"]}})

    def test_bugs_are_raised(self) -> None:
        """The test client raises what a view has raised, in an operation too."""
        for prefix in ("/api/later", "/api/later/async", "/api/plain"):
            with self.subTest(prefix), self.assertRaisesMessage(ZeroDivisionError, "a secret"):
                self.client.get(f"{prefix}/bug")

    def test_debug(self) -> None:
        """With DEBUG Django shows its page of a bug, also of one in an operation."""
        client = Client(raise_request_exception=False)
        with override_settings(DEBUG=True):
            answer = client.get("/api/later/bug", headers={"Accept": "text/html"})
        self.assertEqual(answer.status_code, 500)
        self.assertContains(answer, "ZeroDivisionError", status_code=500)

    def test_the_admin(self) -> None:
        """Below the admin the answers are Django's usual pages."""
        client = Client(raise_request_exception=False)
        for name, (status, _) in ANSWERS.items():
            with self.subTest(name):
                answer = client.get(f"/admin/plain/{name}")
                self.assertEqual(answer.status_code, status)
                self.assertEqual(answer["Content-Type"].partition(";")[0], "text/html")
                self.assertNotIn(b"secret", answer.content)


class AdminPagesTests(TestCase):
    def test_not_found(self) -> None:
        """A page that the admin does not have is Django's usual HTML, and one outside JSON."""
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        answer = self.client.get("/admin/nothing/")
        self.assertContains(answer, "<h1>Not Found</h1>", status_code=404, html=True)
        self.assertEqual(self.client.get("/nothing").json(), {"errors": {"route": ["not found"]}})

    def test_method_not_allowed(self) -> None:
        """A method that a page does not have is 405 as Django has it."""
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        answer = self.client.get("/admin/logout/")
        self.assertEqual((answer.status_code, answer.content), (405, b""))

    def test_forms(self) -> None:
        """A form without its token is 403; the API needs none, and answers 405 where it must."""
        client = Client(enforce_csrf_checks=True)
        self.assertEqual(client.post("/admin/login/", {}).status_code, 403)
        self.assertEqual(client.post("/api/users/login", {}, "application/json").status_code, 422)
        for page in ("/", "/api/docs", "/api/redoc", "/api/openapi.json", "/api/live"):
            with self.subTest(page):
                self.assertEqual(client.post(page).status_code, 405)

    def test_cookies(self) -> None:
        """Outside of the admin no cookie is read, and none is answered by another."""
        self.client.cookies.load({"sessionid": "x", "csrftoken": "x"})
        for page in ("/api/tags", "/", "/nothing"):
            answer = self.client.get(page)
            self.assertEqual((answer.cookies, answer.get("Vary")), ({}, None))


class HostTests(TestCase):
    @override_settings(ALLOWED_HOSTS=["conduit.example"])
    def test_hosts(self) -> None:
        """`ALLOWED_HOSTS` is Django's own, and another host the contract's 400."""
        for page in ("/api/tags", "/admin/"):
            answer = self.client.get(page, headers={"Host": "evil.example"})
            self.assertEqual(answer.status_code, 400)
            self.assertEqual(answer.json(), {"errors": {"host": ["not allowed"]}})
        answer = self.client.get("/api/tags", headers={"Host": "Conduit.Example:8000"})
        self.assertEqual(answer.status_code, 200)

    @override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=3600)
    def test_https(self) -> None:
        """The redirect and the header are Django's own; a health check needs no TLS."""
        answer = self.client.get("/api/tags?x=1")
        self.assertEqual(answer.status_code, 301)
        self.assertEqual(answer["Location"], "https://testserver/api/tags?x=1")
        self.assertEqual(self.client.get("/api/health").status_code, 200)
        answer = self.client.get("/api/tags", secure=True)
        self.assertEqual(answer["Strict-Transport-Security"], "max-age=3600")


class ClientTests(TestCase):
    async def test_async_client(self) -> None:
        """`AsyncClient` reaches what a server reaches, its path percent-encoded or not."""
        client = AsyncClient()
        user = {"username": "ada", "email": "ada@example.com", "password": "a long password"}
        answer = await client.post("/api/users", {"user": user}, "application/json")
        self.assertEqual(answer.status_code, 201)
        for page in ("/api/profiles/ada", "/api/profiles/%61da", "/api/profiles/ada/"):
            self.assertEqual((await client.get(page)).status_code, 200)
        self.assertEqual((await client.get("/api/profiles/%ED%95%9C")).status_code, 404)
        self.assertEqual((await client.get("/admin/login/")).status_code, 200)

    def test_request_factory(self) -> None:
        """A handler can be called with a request of the factory."""
        answer = get_health(RequestFactory().get("/api/health"))
        self.assertEqual(answer, HealthResponse(status="ok"))

    def socket(self, path: str) -> Any:
        """What Channels' `WebsocketCommunicator` makes of a path; that one needs daphne."""
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
        }
        routes: Any = SocketMiddleware(URLRouter(websocket_urlpatterns))
        return ApplicationCommunicator(routes, scope)  # type: ignore[no-untyped-call]

    @patch.object(hub, "join")  # which would begin to read the database in a thread
    async def test_socket(self, join: Mock) -> None:
        """Channels' communicator opens a socket."""
        socket = self.socket("/api/live")
        await socket.send_input({"type": "websocket.connect"})
        self.assertEqual((await socket.receive_output())["type"], "websocket.accept")
        await socket.send_input({"type": "websocket.receive", "text": '{"type":"ping"}'})
        self.assertEqual(json.loads((await socket.receive_output())["text"]), {"type": "pong"})
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()

    async def test_no_socket(self) -> None:
        """A socket elsewhere is refused, also by a server that can only close."""
        socket = self.socket("/api/nothing")
        await socket.send_input({"type": "websocket.connect"})
        self.assertEqual((await socket.receive_output())["type"], "websocket.close")
