"""The code that makes this app's responses equal to those of the other two apps, byte for byte.

Only `main` uses it, in one call: without that, FastAPI responds as its documentation says.
Each module begins with what changes without it; docs/differences.md has the measurements.
"""

from functools import partial
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from . import bodies, docs, errors
from .middleware import ContractMiddleware


def install_contract(app: FastAPI) -> None:
    # Instead of Starlette's limit, whose response is plain text.
    for place, middleware in enumerate(app.user_middleware):
        if cast(type, middleware.cls) is RequestBodyLimitMiddleware:
            limit: Any = middleware.kwargs
            app.user_middleware[place] = Middleware(ContractMiddleware, app.state.settings, **limit)
    app.add_exception_handler(RequestValidationError, bodies.invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, errors.http_error)  # type: ignore[arg-type]
    app.openapi = partial(docs.make_document, app)  # type: ignore[method-assign]
    app.router.routes[:0] = docs.router.routes
    app.router.default = errors.DefaultApp(app.router.default)
