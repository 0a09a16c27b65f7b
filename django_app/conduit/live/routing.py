"""All URLs of sockets, as `urls.py` has the URLs of requests."""

from typing import Any

from django.urls import path, re_path

from ..errors import NotFound
from .consumers import LiveConsumer


async def no_socket_here(scope: Any, receive: Any, send: Any) -> None:
    raise NotFound(route="not found")


# Django's stubs know routes to views only.
websocket_urlpatterns: list[Any] = [
    path("api/live", LiveConsumer.as_asgi()),  # type: ignore[arg-type]
    re_path("", no_socket_here),  # type: ignore[arg-type]
]
