"""The application for an ASGI server: `uvicorn conduit.asgi:application`."""

import django
from channels.routing import ProtocolTypeRouter, URLRouter

from . import check

check.require()
django.setup(set_prefix=False)

# Models can be imported only after Django's setup.
from .asgi_handler import Handler  # noqa: E402
from .live.middleware import SocketMiddleware  # noqa: E402
from .live.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": Handler(), "websocket": SocketMiddleware(URLRouter(websocket_urlpatterns))}
)
