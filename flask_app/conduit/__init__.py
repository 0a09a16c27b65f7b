"""The application: `flask --app conduit run`, `gunicorn conduit.wsgi:app`."""

import logging
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface
from flask_openapi.openapi import OpenAPI
from werkzeug.routing import MapAdapter

from . import api, cli, docs, document, errors, logs, middleware, requests
from .database import db
from .errors import JSON
from .live import hub
from .schemas import Answer, ErrorResponse
from .settings import Settings, get_settings

log = logging.getLogger("conduit.request")


class NoSessions(SessionInterface):
    """The API has no cookies; Flask would else prepare to sign one for each request."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


class Conduit(OpenAPI):
    session_interface = NoSessions()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask's own, for any host: it takes no part in routing, and may be an odd one."""
        if request is None:
            return super().create_url_adapter(request)
        environ = {**request.environ, "HTTP_HOST": "localhost"}
        return self.url_map.bind_to_environ(environ)

    def make_response(self, rv: Any) -> Response:
        """Flask's own, for views that return an answer of ours, with whatever Flask allows."""
        body, *rest = rv if isinstance(rv, tuple) else (rv,)
        if isinstance(body, Answer):
            body = Response(body.model_dump_json(by_alias=True), content_type=JSON)
        return super().make_response((body, *rest) if rest else body)

    def log_exception(self, exc_info: Any) -> None:
        """Log a failure under the request's id, without the query that Flask's own line has."""
        log.error("%s %s failed", g.request_id, request.method, exc_info=exc_info)


def create_app(settings: Settings | None = None) -> Conduit:
    settings = settings or get_settings()
    logs.configure(settings.LOG_LEVEL)
    app = Conduit(
        __name__,
        info={"title": docs.TITLE, **document.INFO},
        security_schemes={"Token": docs.TOKEN_SCHEME},
        validation_error_callback=errors.refuse_invalid,
        validation_error_model=ErrorResponse,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"
    app.config.from_object(settings)
    db.init_app(app)
    hub.register(app)
    middleware.register(app)
    requests.register(app)
    errors.register(app)
    api.register(app)
    app.cli.add_command(cli.seed_command)
    return app
