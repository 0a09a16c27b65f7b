"""Runs Django on an ASGI server, with each synchronous view as one call in a thread."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from inspect import iscoroutinefunction
from typing import IO, Any, cast

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, set_script_prefix

from .bodies import CutBody, max_size
from .middleware import log_aborted

THREADS = 64
"""Requests that run at the same time; most of them wait for the database."""


class Handler(ASGIHandler):
    """Django's handler, but a synchronous view and its middleware run as one call in a thread.

    Django's handler switches between the event loop and threads five times per request, and
    starts two threads: docs/decisions. Asynchronous views are still run by Django's handler.
    Each middleware is created twice, for synchronous and for asynchronous views: it must keep no
    state of requests on `self`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.synchronous = BaseHandler()
        self.synchronous.load_middleware()
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self.answer_in_thread = sync_to_async(self.answer, thread_sensitive=False, executor=threads)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        body = BoundedBody(scope, receive)
        if has_async_view(scope):
            await super().handle(scope, body, send)
            return
        try:
            content = await self.read_body(body)
        except RequestAborted:
            return
        with closing(content):
            response = await self.answer_in_thread(scope, content)
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await sync_to_async(response.close)()

    async def read_body(self, receive: Any) -> IO[bytes]:
        content: IO[bytes] = await super().read_body(receive)
        if not receive.is_cut:
            return content
        content.close()
        return cast(IO[bytes], CutBody())

    def answer(self, scope: Any, content: IO[bytes]) -> HttpResponseBase:
        """The view's response; the signals of a request are sent, and return connections."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, content)
        response = refusal or self.synchronous.get_response(cast(HttpRequest, request))
        # The sender of `request_finished`.
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        if response.streaming:
            close_old_connections()  # of this thread: the response is streamed in another one
        else:
            response.close()
        return response


def has_async_view(scope: Any) -> bool:
    prefix = get_script_prefix(scope).removesuffix("/")
    try:
        return iscoroutinefunction(resolve(scope["path"].removeprefix(prefix)).func)
    except Resolver404:
        return False


class BoundedBody:
    """`receive` with a limit on the body, which hides that the client disconnects after the body.

    Django would read a body to its end, however large. And it would cancel a request whose client
    has disconnected while a thread uses a database connection: docs/decisions.
    """

    def __init__(self, scope: Any, receive: Any) -> None:
        self.scope = scope
        self.receive = receive
        self.announced = int(dict(scope["headers"]).get(b"content-length", 0))
        self.size = 0
        self.complete = False
        self.is_cut = False

    async def __call__(self) -> Any:
        limit = max_size()
        if self.complete:
            await asyncio.Event().wait()  # until Django has answered
        if self.announced > limit and self.size == 0:
            self.size, self.complete, self.is_cut = self.announced, True, True
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await self.receive()
        if message["type"] == "http.disconnect":
            log_aborted(self.scope)
            return message
        self.size += len(message.get("body", b""))
        self.is_cut = self.size > limit
        self.complete = self.is_cut or not message.get("more_body", False)
        return {**message, "more_body": not self.complete}
