"""`ask`: one request to all the apps, and one answer where they are equal."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

import httpx2
import typer
from rich.json import JSON
from rich.markup import escape

from compare.run.answers import NOT_COMPARED, Answer
from compare.run.apps import App, app_named
from compare.run.columns import side_by_side
from compare.run.state import Running, what_runs
from compare.run.terminal import Failed, UsageError, out

PASSWORD = "triptych-demo"
READS = ("GET", "HEAD", "OPTIONS")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class AskedRequest:
    method: str
    path: str
    body: str | None
    user: str | None
    request_id: str


def ask(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, DELETE, …")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="With the query, from /api on.")],
    body: Annotated[
        str | None, typer.Argument(metavar="[JSON]", help="Sent as it is, well-formed or not.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="As this user of the demo site.")
    ] = None,
    only: Annotated[
        App | None, typer.Option(metavar="APP", parser=app_named, help="To this app alone.")
    ] = None,
) -> None:
    """Send one request to all the apps: one answer where they are equal, else the difference."""
    if not path.startswith("/"):
        raise UsageError(f"{path!r} is no path: give one that begins with /, as /api/articles does")
    if method.upper() not in METHODS:
        raise UsageError(f"{method!r} is no method: give one of {', '.join(METHODS)}")
    request = AskedRequest(method.upper(), path, body, user, f"ask-{uuid.uuid4().hex[:12]}")
    apps = choose_apps(what_runs(), request, only)
    with httpx2.Client(timeout=30, trust_env=False) as client, ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda app: send(client, app, request), apps))
    out.print(f"[dim]{heading(request)}[/]", soft_wrap=True)
    if any(answer != answers[0] for answer in answers):
        out.print("[bold red]The answers differ.[/]\n")
        out.print(side_by_side(answers))
        raise typer.Exit(1)
    show(answers)


def choose_apps(running: Running, request: AskedRequest, only: App | None) -> Sequence[App]:
    if only:
        chosen = [app for app in running.apps if app.name == only.name]
        if not chosen:
            raise UsageError(f"{only.name} is not running: start it with ./triptych up")
        return chosen
    if running.together and request.method not in READS and len(running.apps) > 1:
        raise UsageError(
            f"the apps share one database, so one {request.method} would be done by each of them:"
            f" give it to one, with --only {running.apps[0].name}"
        )
    return running.apps


def send(client: httpx2.Client, app: App, request: AskedRequest) -> Answer:
    # Without this, httpx2 would ask for compressed answers, which nobody here gives.
    headers = {"X-Request-ID": request.request_id, "Accept-Encoding": "identity"}
    content = None
    try:
        if request.user is not None:
            headers["Authorization"] = f"Token {log_in(client, app, request.user)}"
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = request.body.encode(errors="surrogateescape")
        url = app.address + request.path
        return Answer(app, client.request(request.method, url, headers=headers, content=content))
    except httpx2.ConnectError:
        raise UsageError(
            f"{app.name} does not answer at {app.address}: start it with ./triptych up"
        ) from None
    except (httpx2.InvalidURL, httpx2.LocalProtocolError, UnicodeEncodeError) as error:
        raise UsageError(f"this request cannot be sent: {error}") from None
    except httpx2.HTTPError as error:
        raise Failed(f"{app.name} did not answer: {error!r}") from None


def log_in(client: httpx2.Client, app: App, user: str) -> str:
    credentials = {"email": f"{user}@example.com", "password": PASSWORD}
    response = client.post(f"{app.address}/api/users/login", json={"user": credentials})
    if response.status_code != httpx2.codes.OK:
        raise UsageError(
            f"{app.name} does not let {user}@example.com in ({response.status_code}):"
            " give a user of the demo site, such as guido"
        )
    token: str = response.json()["user"]["token"]
    return token


def heading(request: AskedRequest) -> str:
    user = f"as {request.user}, " if request.user else ""
    return escape(f"{request.method} {request.path} ({user}X-Request-ID {request.request_id})")


def show(answers: Sequence[Answer]) -> None:
    """The answer that all of them gave."""
    first = answers[0]
    colour = "green" if first.response.is_success else "yellow"
    times = ", ".join(f"{each.app.name} {each.milliseconds:.0f} ms" for each in answers)
    out.print(f"[bold {colour}]{first.status}[/] from {times}", soft_wrap=True)
    for name, value in first.response.headers.multi_items():
        if name not in NOT_COMPARED:
            out.print(f"[dim]{name}: {escape(value)}[/]", soft_wrap=True)
    if first.is_json:
        out.print()
        out.print(JSON(first.response.text, ensure_ascii=False), soft_wrap=True)
    elif first.response.content:
        out.print()
        out.print(first.response.text, markup=False, soft_wrap=True)
