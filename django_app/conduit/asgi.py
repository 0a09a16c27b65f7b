"""The application for an ASGI server: `uvicorn conduit.asgi:application`."""

import asyncio
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from . import check

check.require()
django_application = get_asgi_application()

# Models can be imported only after Django's own application is made.
from .live.middleware import SocketMiddleware  # noqa: E402
from .live.routing import websocket_urlpatterns  # noqa: E402
from .middleware import log_aborted  # noqa: E402


async def receive_body(scope: Any, receive: Any, send: Any) -> None:
    """Django's application, with a bound on the body, and without its end when the client leaves.

    Django would read a body to its end, however large. And it would cancel a request whose client
    has left, in the midst of a thread that has a connection: docs/decisions.
    """
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    announced = int(dict(scope["headers"]).get(b"content-length", 0))
    size = 0
    complete = False

    async def receive_up_to_limit() -> Any:
        nonlocal size, complete
        if complete:
            await asyncio.Event().wait()  # until Django has answered
        if announced > limit and size == 0:
            size, complete = announced, True
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await receive()
        if message["type"] == "http.disconnect":
            log_aborted(scope)
            return message
        size += len(message.get("body", b""))
        complete = size > limit or not message.get("more_body", False)
        return {**message, "more_body": not complete}

    await django_application(scope, receive_up_to_limit, send)


application = ProtocolTypeRouter(
    {"http": receive_body, "websocket": SocketMiddleware(URLRouter(websocket_urlpatterns))}
)
