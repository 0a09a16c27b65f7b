"""The application: `flask --app conduit run`, `gunicorn conduit.wsgi:app`."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_cors import CORS
from flask_openapi.openapi import OpenAPI

from . import api, cli, errors, logs, middleware, openapi
from .accounts import auth
from .contract import install_contract
from .database import db
from .live import hub
from .middleware import PrefixMiddleware
from .schemas import ErrorResponse, ResponseSchema
from .settings import check_database_url, load_settings

log = logging.getLogger("conduit.request")


class Conduit(OpenAPI):
    def make_response(self, rv: Any) -> Response:
        """Like Flask's method, but a view may also return a schema as the body."""
        body, *rest = rv if isinstance(rv, tuple) else (rv,)
        if isinstance(body, ResponseSchema):
            json = body.model_dump_json(by_alias=True)
            body = self.response_class(json, mimetype="application/json")
        return super().make_response((body, *rest) if rest else body)

    def log_exception(self, exc_info: Any) -> None:
        """Log an exception with the request's id, and without the query of Flask's own line."""
        log.error("%s %s failed", logs.get_request_id(), request.method, exc_info=exc_info)


def create_app(config: Mapping[str, Any] | None = None) -> Conduit:
    """Create an application with the settings from the environment.

    `config` replaces some of them, by the names in `settings.py`; only its database URL is checked.
    """
    settings = load_settings()
    if not logging.getLogger().handlers:  # unless a test or another app has set up the log
        logs.configure(settings.LOG_LEVEL)
    app = Conduit(
        __name__,
        info={
            "title": openapi.TITLE,
            "version": openapi.VERSION,
            "description": openapi.DESCRIPTION,
        },
        security_schemes={"Token": openapi.TOKEN_SCHEME},
        validation_error_callback=errors.invalid,
        validation_error_model=ErrorResponse,
        doc_ui=False,  # flask-openapi's pages need plugins
        static_folder=None,
    )
    app.config.from_object(settings)
    app.config.from_mapping(config or {})
    check_database_url(app.config["DATABASE_URL"])
    db.init_app(app)
    hub.register(app)
    middleware.register(app)
    errors.register(app)
    install_contract(app)
    # contract/cors.py responds to preflights: change its list too.
    CORS(
        app,
        origins=list(app.config["ORIGINS"]),
        methods=["DELETE", "GET", "POST", "PUT"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["X-Request-ID"],
        max_age=600,
        send_wildcard=True,
        always_send=False,
    )
    auth.register(app)
    api.register(app)
    cli.register(app)
    if prefix := app.config["ROOT_PATH"]:
        app.wsgi_app = PrefixMiddleware(app.wsgi_app, prefix)  # type: ignore[assignment,method-assign]
    return app
