"""The application: `uvicorn conduit.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from . import check, errors, logs
from .api import api
from .database import Sessions, get_engine
from .middleware import ConduitMiddleware
from .settings import Settings, get_settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = get_engine(get_settings())
    app.state.sessions = Sessions(engine)
    yield
    await engine.dispose()


def create_app(settings: Settings) -> FastAPI:
    app = FastAPI(
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        openapi_url=None,
    )
    app.add_middleware(ConduitMiddleware, settings=settings)
    app.include_router(api)
    app.add_api_route("/", home, include_in_schema=False)
    errors.register(app)
    return app


async def home() -> RedirectResponse:
    return RedirectResponse("/api/docs")


check.require()
logs.configure(get_settings().log_level)
app = create_app(get_settings())
