"""The docs pages: Swagger UI and ReDoc, with nothing loaded from elsewhere."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

SWAGGER_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Conduit API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/api/docs/assets/swagger-ui.js"></script>
    <script src="/api/docs/assets/swagger-start.js"></script>
  </body>
</html>
"""
SWAGGER_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
});
"""
REDOC_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Conduit API</title>
    <link rel="icon" href="data:,">
    <style>body { margin: 0 }</style>
  </head>
  <body>
    <redoc spec-url="/api/openapi.json"></redoc>
    <script type="module" src="/api/docs/assets/redoc.js"></script>
  </body>
</html>
"""
# ReDoc searches in a worker that it makes from a blob; both libraries style inline, and
# Swagger UI draws its icons from data. Nothing may come from another host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui.js": "text/javascript; charset=utf-8",
    "swagger-start.js": "text/javascript; charset=utf-8",
    "redoc.js": "text/javascript; charset=utf-8",
}
PACKAGED = {
    "swagger-ui.css": "swagger_style.css",
    "swagger-ui.js": "swagger_bundle.js",
    "redoc.js": "redoc.js",
}


@cache
def read_asset(name: str) -> bytes:
    """The asset's bytes; `name` is one of `ASSETS`."""
    if name == "swagger-start.js":
        return SWAGGER_START.encode()
    # Found, not imported: importing the package reads its eight megabytes.
    package = find_spec("offapi")
    assert package is not None and package.origin is not None
    return (Path(package.origin).parent / PACKAGED[name]).read_bytes()
