"""The docs pages: Swagger UI and ReDoc, with nothing loaded from other hosts."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

SWAGGER_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Conduit API</title>
    <meta name="color-scheme" content="light dark">
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
# Swagger UI has a dark mode, which the page has to turn on.
SWAGGER_START = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
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
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <style>
      body { margin: 0 }
      a[href$="redocly.com/redoc/"] p::after { content: " Redocly" }
      a[href$="redocly.com/redoc/"]:empty::after { content: "R" }
    </style>
  </head>
  <body>
    <redoc spec-url="/api/openapi.json" disable-telemetry="true"></redoc>
    <script type="module" src="/api/docs/assets/redoc.js"></script>
  </body>
</html>
"""
# Both libraries use inline styles, and icons and a font in data URLs. Nothing may come from another
# host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src data:; connect-src 'self'; "
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
# No option turns off ReDoc's logo, which comes from a CDN. Without an image, ReDoc leaves
# the logo out, and the page's style writes the name instead.
REDOC_LOGO = (b"https://cdn.redoc.ly/redoc/", b"data:,")


def below(prefix: str, text: str) -> str:
    """The text with the prefix before all paths of the API."""
    return text.replace('"/api/', f'"{prefix}/api/')


def read_asset(name: str, *, prefix: str) -> bytes:
    """The asset's bytes; `name` is one of `ASSETS`."""
    if name == "swagger-start.js":
        return below(prefix, SWAGGER_START).encode()
    return read_packaged(name)


@cache
def read_packaged(name: str) -> bytes:
    # The package is not imported, since an import reads all of its eight megabytes.
    package = find_spec("offapi")
    assert package is not None and package.origin is not None
    content = (Path(package.origin).parent / PACKAGED[name]).read_bytes()
    return content.replace(*REDOC_LOGO)
