"""What it takes to answer to the byte like the other two apps.

Nothing else here imports this package: without it, Flask answers as its documentation says.
Each module begins with what that is, and docs/differences.md has it measured.
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
