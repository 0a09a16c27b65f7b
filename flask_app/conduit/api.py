"""Mounts every domain under `/api`, in the contract's order."""

from flask import Response, request
from flask_openapi.openapi import OpenAPI

from . import docs
from .accounts.api import bp as accounts
from .articles.api import bp as articles
from .comments.api import bp as comments
from .health import bp as health
from .lab.api import bp as lab
from .live.sockets import bp as live


def home() -> Response:
    response = Response(status=307, headers={"Location": f"{request.script_root}/api/docs"})
    del response.headers["Content-Type"]
    return response


def register(app: OpenAPI) -> None:
    for part in (accounts, articles, comments, health, lab):
        app.register_api(part, url_prefix="/api")
    app.register_blueprint(live, url_prefix="/api")
    app.register_blueprint(docs.bp, url_prefix="/api")
    app.add_url_rule("/", view_func=home)
