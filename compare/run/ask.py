"""`ask`: one request to all the apps, and one response if they are equal."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import httpx2
import typer
from rich.json import JSON
from rich.markup import escape

from compare.run.answers import NOT_COMPARED, Answer, printable
from compare.run.apps import App, AppsOption
from compare.run.columns import side_by_side
from compare.run.state import Running, what_runs
from compare.run.terminal import Failed, JSONOption, UsageError, out, print_json

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
    method: Annotated[
        str,
        typer.Argument(
            metavar="METHOD",
            autocompletion=lambda incomplete: [m for m in METHODS if m.startswith(incomplete)],
            help="The HTTP method, such as GET.",
        ),
    ],
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="The path and the query, such as /api/articles?tag=x."),
    ],
    body: Annotated[
        str | None,
        typer.Argument(metavar="[JSON]", help="The body. It is sent unchanged, valid or not."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="Sign in as a user of the demo site.")
    ] = None,
    app: AppsOption = None,
    as_json: JSONOption = False,
) -> None:
    """Send one request to all running apps, and compare their responses.

    Equal responses are shown once. The exit code is 1 if the responses differ.
    """
    if not path.startswith("/"):
        raise UsageError(
            f"{path!r} is not a path: give one that begins with /, as /api/articles does"
        )
    if method.upper() not in METHODS:
        raise UsageError(f"{method!r} is not a method: give one of {', '.join(METHODS)}")
    request = AskedRequest(method.upper(), path, body, user, f"ask-{uuid.uuid4().hex[:12]}")
    answers = asyncio.run(send_to_all(apps_to_ask(what_runs(), request, app), request))
    equal = all(answer == answers[0] for answer in answers)
    if as_json:
        print_json({"equal": equal, "responses": [answer.to_json() for answer in answers]})
    else:
        out.print(f"[dim]{heading(request)}[/]", soft_wrap=True)
        if equal:
            show(answers)
        else:
            out.print(side_by_side(answers))
    if not equal:
        raise typer.Exit(1)


def apps_to_ask(
    running: Running, request: AskedRequest, given: Sequence[App] | None
) -> Sequence[App]:
    names = {app.name for app in given or running.apps}
    if missing := sorted(names - {app.name for app in running.apps}):
        raise UsageError(f"{missing[0]} is not running: start it with ./triptych up")
    chosen = [app for app in running.apps if app.name in names]
    if running.one_database and request.method not in READS and len(chosen) > 1:
        raise UsageError(
            f"the apps share one database, so each of them would do the {request.method}:"
            f" send it to one app, with --app {chosen[0].name}"
        )
    return chosen


async def send_to_all(apps: Sequence[App], request: AskedRequest) -> list[Answer]:
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        return await asyncio.gather(*(send(client, app, request) for app in apps))


async def send(client: httpx2.AsyncClient, app: App, request: AskedRequest) -> Answer:
    # Without this, httpx2 would ask for compressed responses, which no app sends.
    headers = {"X-Request-ID": request.request_id, "Accept-Encoding": "identity"}
    content = None
    try:
        if request.user is not None:
            headers["Authorization"] = f"Token {await log_in(client, app, request.user)}"
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = request.body.encode(errors="surrogateescape")
        url = app.address + request.path
        response = await client.request(request.method, url, headers=headers, content=content)
        return Answer(app, response)
    except httpx2.ConnectError:
        raise UsageError(
            f"{app.name} does not answer at {app.address}: start it with ./triptych up"
        ) from None
    except (httpx2.InvalidURL, httpx2.LocalProtocolError, UnicodeEncodeError) as error:
        raise UsageError(f"this request cannot be sent: {error}") from None
    except httpx2.HTTPError as error:
        raise Failed(f"{app.name} did not answer: {error!r}") from None


async def log_in(client: httpx2.AsyncClient, app: App, user: str) -> str:
    credentials = {"email": f"{user}@example.com", "password": PASSWORD}
    response = await client.post(f"{app.address}/api/users/login", json={"user": credentials})
    if response.status_code != httpx2.codes.OK:
        raise UsageError(
            f"{app.name} refused the login of {user}@example.com ({response.status_code}):"
            " give a user of the demo site, such as guido"
        )
    try:
        token: str = response.json()["user"]["token"]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise Failed(f"{app.name} returned no token for a login") from None
    return token


def heading(request: AskedRequest) -> str:
    user = f"as {request.user}, " if request.user else ""
    return escape(f"{request.method} {request.path} ({user}X-Request-ID {request.request_id})")


def show(answers: Sequence[Answer]) -> None:
    """The answer that all of them gave."""
    first = answers[0]
    color = "green" if first.response.is_success else "yellow"
    times = ", ".join(f"{each.app.name} {each.milliseconds:.0f} ms" for each in answers)
    out.print(f"[bold {color}]{first.status}[/] from {times}", soft_wrap=True)
    for name, value in first.response.headers.multi_items():
        if name not in NOT_COMPARED:
            out.print(f"[dim]{name}: {escape(value)}[/]", soft_wrap=True)
    if first.is_json:
        out.print()
        out.print(JSON(first.response.text, ensure_ascii=False), soft_wrap=True)
    elif first.response.content:
        out.print()
        out.print(printable(first.response.text), markup=False, soft_wrap=True)
