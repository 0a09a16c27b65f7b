"""The application for an ASGI server: `uvicorn conduit.asgi:application`."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from . import check

check.require()
django_application = get_asgi_application()

# Models can be imported only after Django's own application is made.
from .live.routing import websocket_urlpatterns  # noqa: E402
from .middleware import SocketMiddleware  # noqa: E402


async def limit_body(scope: Any, receive: Any, send: Any) -> None:
    """Django's application, which would first read a body to its end, however large."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    announced = int(dict(scope["headers"]).get(b"content-length", 0))
    size = 0

    async def receive_up_to_limit() -> Any:
        nonlocal size
        if announced > limit and size == 0:
            size = announced
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await receive()
        while size > limit and message["type"] == "http.request":
            message = await receive()
        size += len(message.get("body", b""))
        return {**message, "more_body": False} if size > limit else message

    await django_application(scope, receive_up_to_limit, send)


application = ProtocolTypeRouter(
    {"http": limit_body, "websocket": SocketMiddleware(URLRouter(websocket_urlpatterns))}
)
