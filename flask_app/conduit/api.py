"""Mounts every domain under `/api`, in the contract's order."""

from flask import redirect, request
from flask_openapi.openapi import OpenAPI
from werkzeug import Response

from .accounts.api import bp as accounts
from .articles.api import SlugConverter
from .articles.api import bp as articles
from .comments.api import bp as comments
from .health import bp as health
from .lab.api import bp as lab
from .live.sockets import bp as live


def home() -> Response:
    return redirect(f"{request.script_root}/api/docs", 307)


def register(app: OpenAPI) -> None:
    app.url_map.converters["slug"] = SlugConverter
    for blueprint in (accounts, articles, comments, health):
        app.register_api(blueprint, url_prefix="/api")
    if app.config["LAB"]:
        app.register_api(lab, url_prefix="/api")
    app.register_blueprint(live, url_prefix="/api")
    app.add_url_rule("/", view_func=home)
