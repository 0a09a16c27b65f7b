"""Mounts every domain under `/api`, in the contract's order."""

from typing import Literal

from flask import Response
from flask_openapi import APIBlueprint, OpenAPI

from . import docs
from .accounts.api import bp as accounts
from .articles.api import bp as articles
from .check import database_answers
from .comments.api import bp as comments
from .database import session
from .schemas import Wire

bp = APIBlueprint("health", __name__, operation_id_callback=docs.operation_id)


class HealthResponse(Wire):
    status: Literal["ok", "unavailable"]


@bp.get("/health", tags=[{"name": "Health"}], responses={200: HealthResponse, 503: HealthResponse})
def get_health() -> HealthResponse | tuple[HealthResponse, int]:
    """Say whether the service can work"""
    if database_answers(session):
        return HealthResponse(status="ok")
    return HealthResponse(status="unavailable"), 503


def home() -> Response:
    response = Response(status=307, headers={"Location": "/api/docs"})
    del response.headers["Content-Type"]
    return response


def register(app: OpenAPI) -> None:
    for part in (accounts, articles, comments, bp):
        app.register_api(part, url_prefix="/api")
    app.register_blueprint(docs.bp, url_prefix="/api")
    app.add_url_rule("/", view_func=home)
