"""The application: `uvicorn conduit.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from . import api, check, errors, logs
from .database import Sessions, get_engine
from .live.hub import Hub
from .middleware import ConduitMiddleware
from .settings import Settings, get_settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = get_engine(get_settings())
    app.state.sessions = Sessions(engine)
    app.state.hub = Hub(get_settings(), app.state.sessions)
    yield
    await app.state.hub.stop()
    await engine.dispose()


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        openapi_url=None,
    )
    app.add_middleware(ConduitMiddleware, settings=settings)
    errors.register(app)
    api.register(app)
    return app


check.require()
logs.configure(get_settings().log_level)
app = create_app(get_settings())
