"""The application factory; `conduit.asgi` makes the application that a server runs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from . import api, docs, document, errors, logs
from .database import Sessions
from .live.hub import Hub
from .middleware import ConduitMiddleware
from .settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        app.state.sessions = Sessions(settings)
        stack.push_async_callback(app.state.sessions.engine.dispose)
        app.state.hub = Hub(settings, app.state.sessions)
        stack.push_async_callback(app.state.hub.stop)
        yield


def create_app(settings: Settings) -> FastAPI:
    """An application that goes by these settings alone; nothing is opened until it starts."""
    logs.configure(settings.log_level)
    app = FastAPI(
        title=docs.TITLE,
        version=document.INFO["version"],
        description=document.INFO["description"],
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        openapi_url=None,
    )
    app.openapi = partial(docs.make_document, app)  # type: ignore[method-assign]
    app.state.settings = settings
    app.add_middleware(ConduitMiddleware, settings=settings)
    errors.register(app)
    api.register(app)
    return app
