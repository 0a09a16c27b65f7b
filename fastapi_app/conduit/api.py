"""Mounts every domain under `/api`, in the contract's order."""

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from .accounts.api import router as accounts
from .articles.api import router as articles
from .comments.api import router as comments
from .health import router as health
from .lab.api import router as lab
from .live.sockets import router as live
from .settings import Settings


def register(app: FastAPI, settings: Settings) -> None:
    for router in (accounts, articles, comments, health, live):
        app.include_router(router, prefix="/api")
    if settings.lab:
        app.include_router(lab, prefix="/api")
    app.add_api_route("/", home, include_in_schema=False)


async def home(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/api/docs")
