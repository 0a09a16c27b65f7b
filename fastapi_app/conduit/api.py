"""Mounts every domain under `/api`, in the contract's order."""

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from . import docs
from .accounts.api import router as accounts
from .articles.api import router as articles
from .comments.api import router as comments
from .health import router as health
from .lab.api import router as lab
from .live.sockets import no_socket_here
from .live.sockets import router as live


def register(app: FastAPI) -> None:
    for part in (accounts, articles, comments, health, lab, live, docs.router):
        app.include_router(part, prefix="/api")
    app.add_api_route("/", home, include_in_schema=False)
    app.add_api_websocket_route("/{path:path}", no_socket_here)


async def home(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/api/docs")
