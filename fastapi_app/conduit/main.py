"""The application factory; `conduit.asgi` makes the application that a server runs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from . import api, errors, openapi
from .contract import install_contract
from .database import Sessions
from .live.hub import Hub
from .middleware import FailureMiddleware, PrefixMiddleware, RequestMiddleware
from .settings import Settings

MAX_BODY_SIZE = 1_048_576  # bytes


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        app.state.sessions = Sessions(settings)
        stack.push_async_callback(app.state.sessions.engine.dispose)
        app.state.hub = Hub(settings, app.state.sessions)
        stack.push_async_callback(app.state.hub.stop)
        app.state.health_check = CapacityLimiter(1)
        yield


def create_app(settings: Settings) -> FastAPI:
    """Create an application with only these settings; nothing is opened until it starts."""
    app = FastAPI(
        title=openapi.TITLE,
        version=openapi.VERSION,
        description=openapi.DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url="/api/redoc",
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
    )
    app.state.settings = settings
    # Each middleware wraps those that were added before it.
    app.add_middleware(FailureMiddleware)
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=list(settings.hosts), www_redirect=False
    )
    # contract/cors.py responds to preflights: change its list too.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["DELETE", "GET", "POST", "PUT"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["X-Request-ID"],
    )
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_SIZE)
    app.add_middleware(RequestMiddleware)
    if settings.root_path:
        app.add_middleware(PrefixMiddleware, prefix=settings.root_path)
    api.register(app, settings)
    install_contract(app)
    return app
