"""The handler for ASGI: a synchronous view is one call in a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from io import BytesIO
from typing import Any
from unittest.mock import Mock, patch

from asgiref.sync import SyncToAsync, async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory, SimpleTestCase, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from conduit.asgi_handler import Handler
from conduit.wsgi import application

tenant: ContextVar[str] = ContextVar("tenant", default="none")


def say_tenant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(tenant.get())


def say_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


async def say_thread_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


def say_loop(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(id(async_to_sync(get_loop)())))


async def get_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(threading.current_thread().name for _ in range(1))


def stream_async(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        yield threading.current_thread().name

    return StreamingHttpResponse(parts())


def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.read())))


async def read_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.read())))


handler400 = "conduit.errors.malformed"
urlpatterns = [
    path("api/sync", say_thread),
    path("api/async", say_thread_async),
    path("api/tenant", say_tenant),
    path("api/loop", say_loop),
    path("api/stream", stream),
    path("api/stream-async", stream_async),
    path("api/read", csrf_exempt(read)),
    path("api/read-async", csrf_exempt(read_async)),
]


@override_settings(ROOT_URLCONF=__name__)
class HandlerTests(SimpleTestCase):
    def setUp(self) -> None:
        self.finished: list[str] = []
        request_finished.connect(self.note_finished)
        self.addCleanup(request_finished.disconnect, self.note_finished)

    def note_finished(self, **options: Any) -> None:
        self.finished.append(threading.current_thread().name)

    def get(self, path: str, content: bytes = b"", *, chunked: bool = False) -> tuple[int, str]:
        """The status and the body of the response."""
        headers = [] if chunked else [(b"content-length", b"%d" % len(content))]
        scope = {
            "type": "http",
            "method": "POST" if content else "GET",
            "path": path,
            "headers": headers,
            "query_string": b"",
        }

        async def application(scope: Any, receive: Any, send: Any) -> None:
            tenant.set("ada")
            await Handler()(scope, receive, send)

        async def get() -> tuple[int, str]:
            communicator: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
            await communicator.send_input({"type": "http.request", "body": content})
            start = await communicator.receive_output()
            body = await communicator.receive_output()
            if body.get("more_body"):
                await communicator.receive_output()
            await communicator.wait()
            return start["status"], body["body"].decode()

        return async_to_sync(get)()

    def test_a_synchronous_view(self) -> None:
        """A synchronous view runs in a thread of the pool, as one call, and is finished there."""
        handler = SyncToAsync.thread_handler
        with patch.object(
            SyncToAsync, "thread_handler", autospec=True, side_effect=handler
        ) as call:
            _, thread = self.get("/api/sync")
        self.assertEqual(call.call_count, 1)
        self.assertTrue(thread.startswith("request"))
        self.assertEqual(self.finished, [thread])

    def test_an_asynchronous_view(self) -> None:
        """An asynchronous view runs on the event loop, not in a thread of the pool."""
        status, thread = self.get("/api/async")
        self.assertEqual(status, 200)
        self.assertFalse(thread.startswith("request"))

    def test_a_streamed_response(self) -> None:
        """A streamed response is finished after its last part, in the thread that made it."""
        with self.assertWarnsMessage(Warning, "must consume synchronous iterators"):
            status, thread = self.get("/api/stream")
        self.assertEqual((status, self.finished), (200, [thread]))
        status, thread = self.get("/api/stream-async")
        self.assertEqual((status, len(self.finished)), (200, 2))

    def test_context(self) -> None:
        """A view has the context variables of the middleware around the handler."""
        self.assertEqual(self.get("/api/tenant"), (200, "ada"))

    def test_loop(self) -> None:
        """`async_to_sync` in a synchronous view runs on the loop of the server."""
        loops = []

        async def get() -> None:
            scope = {"type": "http", "method": "GET", "path": "/api/loop", "headers": []}
            communicator: Any = ApplicationCommunicator(Handler(), scope | {"query_string": b""})  # type: ignore[no-untyped-call]
            await communicator.send_input({"type": "http.request"})
            await communicator.receive_output()
            loops.append((await communicator.receive_output())["body"].decode())
            loops.append(str(id(asyncio.get_running_loop())))

        asyncio.run(get())
        self.assertEqual(loops[0], loops[1])

    def test_a_large_body(self) -> None:
        """A view that does not check the size of a body gets an error and not part of it."""
        for page in ("/api/read", "/api/read-async"):
            for chunked in (False, True):
                with self.subTest(page, chunked=chunked):
                    status, body = self.get(page, b"x" * 2_000_000, chunked=chunked)
                    self.assertEqual(status, 413)
                    self.assertIn("is too large (maximum is 1048576 bytes)", body)
                    self.assertEqual(self.get(page, b"x" * 1000, chunked=chunked), (200, "1000"))

    def test_a_large_chunked_body_on_wsgi(self) -> None:
        """A large body is refused on WSGI too, where Django does not know its length."""
        environ = RequestFactory().post("/api/read").META
        for size, expected in ((2_000_000, "413"), (1000, "200")):
            start = Mock()
            body = {"wsgi.input": BytesIO(b"x" * size), "HTTP_TRANSFER_ENCODING": "chunked"}
            list(application(environ | body, start))
            self.assertEqual(start.call_args.args[0][:3], expected)

    def test_broken_chunks_on_wsgi(self) -> None:
        """A view gets an error for invalid chunks, and not an empty body."""
        stream = Mock(read=Mock(side_effect=OSError("no chunk")))
        body = {"wsgi.input": stream, "HTTP_TRANSFER_ENCODING": "chunked"}
        for urls, page, words in (
            (__name__, "/api/read", "is malformed"),
            ("conduit.urls", "/api/users", "is not valid JSON"),
        ):
            start = Mock()
            environ = RequestFactory().post(page, b"x", "application/json").META
            with override_settings(ROOT_URLCONF=urls):
                answer = b"".join(application(environ | body, start))
            self.assertEqual(start.call_args.args[0][:3], "400")
            self.assertIn(words, answer.decode())

    @override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
    def test_no_limit(self) -> None:
        """With Django's setting for no limit, the handler has no limit."""
        self.assertEqual(self.get("/api/read", b"x" * 2_000_000), (200, "2000000"))

    def test_no_view(self) -> None:
        """A path without a view gets the response of the 404 handler."""
        self.assertEqual(self.get("/api/nothing")[0], 404)
