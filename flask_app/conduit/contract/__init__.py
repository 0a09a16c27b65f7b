"""The code that makes this app's responses equal to those of the other two apps, byte for byte.

Only `create_app` uses it, in one call: without that, Flask responds as its documentation says.
Each module begins with what changes without it; docs/differences.md has the measurements.
"""

from flask_openapi.openapi import OpenAPI

from . import bodies, docs, responses, routes


def install_contract(app: OpenAPI) -> None:
    """Install it after the hooks of `middleware` and before all others, routes included."""
    app.openapi_version = "3.1.0"
    responses.register(app)
    routes.register(app)
    bodies.register(app)
    app.register_blueprint(docs.bp, url_prefix="/api")
