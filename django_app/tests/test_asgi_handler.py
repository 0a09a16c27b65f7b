"""The handler for ASGI: a synchronous view is one call in a thread."""

import threading
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from django.test import SimpleTestCase, override_settings
from django.urls import path

from conduit.asgi_handler import Handler

tenant: ContextVar[str] = ContextVar("tenant", default="none")


def say_tenant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(tenant.get())


def say_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


async def say_thread_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


urlpatterns = [
    path("api/sync", say_thread),
    path("api/async", say_thread_async),
    path("api/tenant", say_tenant),
]


@override_settings(ROOT_URLCONF=__name__)
class HandlerTests(SimpleTestCase):
    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of the response."""
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}

        async def application(scope: Any, receive: Any, send: Any) -> None:
            tenant.set("ada")
            await Handler()(scope, receive, send)

        async def get() -> tuple[int, str]:
            communicator: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
            await communicator.send_input({"type": "http.request"})
            start = await communicator.receive_output()
            body = await communicator.receive_output()
            return start["status"], body["body"].decode()

        return async_to_sync(get)()

    def test_a_synchronous_view(self) -> None:
        """It runs in a thread of the pool, without asgiref, and the request is finished."""
        finished = []

        def note(**options: Any) -> None:
            finished.append(threading.current_thread().name)

        request_finished.connect(note)
        self.addCleanup(request_finished.disconnect, note)
        with patch("asgiref.sync.SyncToAsync.__call__", side_effect=AssertionError):
            _, thread = self.get("/api/sync")
        self.assertTrue(thread.startswith("request"))
        self.assertEqual(finished, [thread])

    def test_an_asynchronous_view(self) -> None:
        """It runs on the event loop, and in none of these threads."""
        status, thread = self.get("/api/async")
        self.assertEqual(status, 200)
        self.assertFalse(thread.startswith("request"))

    def test_context(self) -> None:
        """A view has the context variables of the middleware around the handler."""
        self.assertEqual(self.get("/api/tenant"), (200, "ada"))

    def test_no_view(self) -> None:
        """A path that nothing has is answered by the handler for 404."""
        self.assertEqual(self.get("/api/nothing")[0], 404)
