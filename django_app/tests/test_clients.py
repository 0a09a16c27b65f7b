"""The test clients of Django and Channels, and Django's features outside the API."""

import json
from typing import Any
from unittest.mock import Mock, patch

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.test import AsyncClient, Client, RequestFactory, TestCase, override_settings
from django.urls import clear_script_prefix, set_script_prefix

from conduit.accounts.models import User
from conduit.health import HealthResponse, get_health
from conduit.live.hub import hub
from conduit.live.middleware import SocketMiddleware
from conduit.live.routing import websocket_urlpatterns


class AdminPagesTests(TestCase):
    def test_not_found(self) -> None:
        """A missing page of the admin is Django's usual HTML, and any other is JSON."""
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        answer = self.client.get("/admin/nothing/")
        self.assertContains(answer, "<h1>Not Found</h1>", status_code=404, html=True)
        self.assertEqual(self.client.get("/nothing").json(), {"errors": {"route": ["not found"]}})

    def test_method_not_allowed(self) -> None:
        """A method that a page of the admin does not support gets Django's 405."""
        root = User.objects.create_superuser("root@example.com", "root", "a long password")
        self.client.force_login(root)
        answer = self.client.get("/admin/logout/")
        self.assertEqual((answer.status_code, answer.content), (405, b""))

    def test_forms(self) -> None:
        """A form needs its CSRF token, or it gets a 403; the API needs none, also for its 405."""
        client = Client(enforce_csrf_checks=True)
        self.assertEqual(client.post("/admin/login/", {}).status_code, 403)
        self.assertEqual(client.post("/api/users/login", {}, "application/json").status_code, 422)
        for page in ("/", "/api/docs", "/api/redoc", "/api/openapi.json", "/api/live"):
            with self.subTest(page):
                self.assertEqual(client.post(page).status_code, 405)

    def test_cookies(self) -> None:
        """No answer of the API has a cookie."""
        self.client.cookies.load({"sessionid": "x", "csrftoken": "x"})
        for page in ("/api/tags", "/", "/api/nothing", "/nothing"):
            answer = self.client.get(page)
            self.assertEqual((answer.cookies, answer.get("Vary")), ({}, "Origin"))


class HostTests(TestCase):
    def test_vary(self) -> None:
        """The `Vary` of the admin is unchanged, and the admin has no CORS headers."""
        answer = self.client.get("/admin/login/", headers={"Origin": "https://front.example"})
        self.assertEqual(answer["Vary"], "Cookie")
        self.assertNotIn("Access-Control-Allow-Origin", answer)

    @override_settings(ALLOWED_HOSTS=[".conduit.example"])
    def test_hosts(self) -> None:
        """`ALLOWED_HOSTS` is Django's own: a host that begins with a dot has subdomains."""
        for page in ("/api/tags", "/admin/"):
            answer = self.client.get(page, headers={"Host": "evil.example"})
            self.assertEqual(answer.status_code, 400)
        answer = self.client.get("/api/tags", headers={"Host": "a.conduit.example"})
        self.assertEqual(answer.status_code, 200)
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


class PrefixTests(TestCase):
    def setUp(self) -> None:
        # A server's handler does this for each request, but the test client does not.
        set_script_prefix("/v1/")
        self.addCleanup(clear_script_prefix)

    def test_server(self) -> None:
        """With a prefix from the server, the app works as without one."""
        answer = self.client.get("/", SCRIPT_NAME="/v1")
        self.assertEqual(answer["Location"], "/v1/api/docs")
        self.assertEqual(self.client.get("/api/tags", SCRIPT_NAME="/v1").status_code, 200)
        answer = self.client.get("/api/openapi.json", SCRIPT_NAME="/v1")
        self.assertEqual(answer.json()["servers"], [{"url": "/v1"}])

    def test_admin(self) -> None:
        """The admin is below the prefix too, whether or not a proxy has removed the prefix."""
        for page in ("/v1/admin/", "/admin/"):
            answer = self.client.get(page)
            self.assertEqual(answer["Location"], "/v1/admin/login/?next=/v1/admin/")

    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_https(self) -> None:
        """The redirect is Django's own; a health check needs no TLS."""
        answer = self.client.get("/v1/api/tags")
        self.assertEqual(answer["Location"], "https://testserver/v1/api/tags")
        for page in ("/v1/api/health", "/api/health"):
            self.assertEqual(self.client.get(page).status_code, 200)


class ClientTests(TestCase):
    async def test_async_client(self) -> None:
        """`AsyncClient` reaches the same routes as a server, with a percent-encoded path or not."""
        client = AsyncClient()
        user = {"username": "ada", "email": "ada@example.com", "password": "a long password"}
        answer = await client.post("/api/users", {"user": user}, "application/json")
        self.assertEqual(answer.status_code, 201)
        for page in ("/api/profiles/ada", "/api/profiles/%61da"):
            self.assertEqual((await client.get(page)).status_code, 200)
        self.assertEqual((await client.get("/api/profiles/%ED%95%9C")).status_code, 404)
        self.assertEqual((await client.get("/admin/login/")).status_code, 200)

    def test_request_factory(self) -> None:
        """A handler can be called with a request of the factory."""
        answer = get_health(RequestFactory().get("/api/health"))
        self.assertEqual(answer, HealthResponse(status="ok"))

    def socket(self, path: str) -> Any:
        """A communicator like Channels' `WebsocketCommunicator`, which needs daphne."""
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
        }
        routes: Any = SocketMiddleware(URLRouter(websocket_urlpatterns))
        return ApplicationCommunicator(routes, scope)  # type: ignore[no-untyped-call]

    @patch.object(hub, "join")  # because `join` would start to read the database in a thread
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
        """A socket on another path is refused, also by a server that can only close it."""
        socket = self.socket("/api/nothing")
        await socket.send_input({"type": "websocket.connect"})
        self.assertEqual((await socket.receive_output())["type"], "websocket.close")
