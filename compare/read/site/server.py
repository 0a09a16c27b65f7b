"""Serves the pages, with the addresses of the running apps, as a child process of `up`."""

import json
import sys
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from compare.read.site.build import THEME_SCRIPT, build, digest, is_stale
from compare.run.answers import SHAPES
from compare.run.apps import HOST, ROOT, App
from compare.run.ask import PASSWORD
from compare.run.state import what_runs
from compare.run.terminal import Failed, UsageError, print_error

SITE = ROOT / "site"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # The pages can be rebuilt at any time: a browser must revalidate them each time.
    "Cache-Control": "no-cache",
}


def policy() -> str:
    """The Content-Security-Policy: only the files of these pages, and the running apps."""
    apps = " ".join(app.address for app in running_apps())
    return (
        "default-src 'none'; img-src 'self'; style-src 'self';"
        f" script-src 'self' '{digest(THEME_SCRIPT)}'; connect-src {apps or "'none'"};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class WithHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = HEADERS | {"Content-Security-Policy": policy()}
                more = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def running_apps() -> Sequence[App]:
    try:
        return what_runs().apps
    except UsageError:  # the apps are not up yet, or not any more
        return ()


async def live(request: Request) -> Response:
    """The JavaScript module with the addresses of the apps."""
    apps = running_apps()
    values = {
        "apps": [{"name": app.name, "title": app.title, "address": app.address} for app in apps],
        "together": bool(apps) and what_runs().one_database,
        "password": PASSWORD,
        "shapes": [(pattern.pattern.decode(), shape.decode()) for pattern, shape in SHAPES],
    }
    lines = (f"export const {name} = {json.dumps(value)};\n" for name, value in values.items())
    return Response("".join(lines), media_type="text/javascript")


def main() -> None:
    """Make the pages if they are missing or old, then serve them on the port that is given."""
    try:
        if is_stale(SITE):
            build(SITE)
    except (Failed, UsageError) as failure:
        print_error(failure.format_message())
        sys.exit(failure.exit_code)
    except OSError as error:
        print_error(f"{SITE} cannot be written ({error.strerror}): make it writable")
        sys.exit(1)
    app = Starlette(
        routes=[Route("/live.js", live), Mount("/", StaticFiles(directory=SITE, html=True))],
        middleware=[Middleware(WithHeaders)],
    )
    uvicorn.run(
        app, host=HOST, port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=1
    )


if __name__ == "__main__":
    main()
