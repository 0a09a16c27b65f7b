"""The application for an ASGI server: `uvicorn conduit.asgi:application`."""

from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

from . import check

check.require()
django_application = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Django's application, which would first read a body to its end, however large."""
    if scope["type"] != "http":
        await django_application(scope, receive, send)
        return
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
