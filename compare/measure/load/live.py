"""`load live`: many sockets on one process of an app, and a burst of events to all of them."""

import asyncio
import json
import resource
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
import psutil
import psycopg
import typer
from rich.table import Table

from compare.measure.load.figures import Delivery, Spread, delays, delivery, spread
from compare.run.apps import HOST, ROOT, App, AppsOption, choose_apps, free_port, python
from compare.run.databases import (
    Kind,
    KindOption,
    PostgresDatabase,
    settings_for,
    sqlite_path,
    sqlite_url,
)
from compare.run.postgres import running_postgres
from compare.run.processes import Child, Processes, failure, run_to_end
from compare.run.start import migrate, serve
from compare.run.state import make_home, only_one
from compare.run.terminal import (
    Failed,
    JSONOption,
    KeptLog,
    LogFile,
    UsageError,
    err,
    out,
    print_json,
)

TIMEOUT = 150.0
PROBE_INTERVAL = 0.05
SPARE_FILES = 200
"""Files that a process may need besides its sockets."""
OTHER_WRITE_INTERVAL = 10
"""After this number of events by the app, another database connection writes one."""


def live(
    app: AppsOption = None,
    sockets: Annotated[
        int, typer.Option(min=1, max=20_000, metavar="N", help="Open this number of WebSockets.")
    ] = 1000,
    events: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="N", help="Write this number of events.")
    ] = 100,
    database: KindOption = Kind.POSTGRES,
    as_json: JSONOption = False,
) -> None:
    """Open many WebSockets on one process of an app, and measure the delay of each event."""
    allow_files(sockets + SPARE_FILES)
    reports = []
    try:
        for each in choose_apps(app):
            report = run_to_end(carry_out(LiveOptions(each, sockets, events, database)))
            reports.append(report)
            if not as_json:
                show(report)
    finally:  # also the apps before one that fails
        if as_json:
            print_json([report.data() for report in reports])
    if not all(report.is_good for report in reports):
        raise Failed("events or responses are missing: see the figures above")


def allow_files(count: int) -> None:
    """Raise the limit of open files, also for the app and the process with the sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise UsageError(
                f"{count} open files are needed and the system allows {hard}:"
                " give fewer --sockets, or raise the limit (`ulimit -Hn`)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


@dataclass(frozen=True)
class LiveOptions:
    app: App
    sockets: int
    events: int
    database: Kind


@dataclass(frozen=True)
class Memory:
    """The resident memory of all processes of the app, in bytes."""

    before: int
    after: int

    def per_socket(self, sockets: int) -> float:
        return (self.after - self.before) / sockets


@dataclass(frozen=True)
class Probes:
    """Requests without a relation to the burst, one every 50 ms during the burst."""

    count: int
    failures: Mapping[str, int]
    """By status, or by the name of the exception."""
    times: Spread

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


@dataclass(frozen=True)
class Report:
    plan: LiveOptions
    delivery: Delivery
    closed_early: Mapping[str, int]
    """The number of closed sockets by close reason."""
    by_the_app: Spread
    by_another: Spread | None
    seconds: float
    probes: Probes
    memory: Memory
    app_cpu: float
    """The app's share of one processor."""
    own_cpu: float
    own_lateness: Spread

    @property
    def is_good(self) -> bool:
        return self.delivery.is_perfect and not self.closed_early and not self.probes.failed

    def data(self) -> dict[str, Any]:
        return {
            "app": self.plan.app.name,
            "database": self.plan.database.value,
            "sockets": self.plan.sockets,
            "events": self.plan.events,
            "expected": self.delivery.expected,
            "delivered": self.delivery.delivered,
            "lost": self.delivery.lost,
            "repeated": self.delivery.repeated,
            "socketsOutOfOrder": self.delivery.sockets_out_of_order,
            "socketsClosedEarly": dict(self.closed_early),
            "fromRecordToArrivalMs": asdict(self.by_the_app),
            "fromCommitToArrivalMs": self.by_another and asdict(self.by_another),
            "seconds": round(self.seconds, 2),
            "probes": asdict(self.probes),
            "bytesPerSocket": round(self.memory.per_socket(self.plan.sockets)),
            "appCpuShare": round(self.app_cpu, 3),
            "toolCpuShare": round(self.own_cpu, 3),
            "toolLatenessMs": asdict(self.own_lateness),
        }


async def carry_out(plan: LiveOptions) -> Report:
    with err.status(f"{plan.sockets} sockets on {plan.app.title}") as status:
        return await measure_live(plan, status.update)


async def measure_live(plan: LiveOptions, say: Callable[[str], None]) -> Report:
    """Start the app, open the sockets, write the burst; `say` is called with each step."""
    async with running(plan) as site, socket_process() as clients:
        return await measure(plan, site, clients, say)


@dataclass(frozen=True)
class LiveServers:
    url: str
    database_url: str
    child: Child


@asynccontextmanager
async def running(plan: LiveOptions) -> AsyncIterator[LiveServers]:
    """The app as one process, with its production command, on an empty database."""
    logs = make_home("load")
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one("load"))
        if plan.database is Kind.POSTGRES:
            log = LogFile("postgres", logs / "postgres.log")
            start = running_postgres(logs / "postgres", log)
            postgres = await stack.enter_async_context(start)
            database = PostgresDatabase(postgres.url, f"load_{plan.app.name}")
            database.start_draft()
            database.finish_draft()
            database_url = database.url
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="triptych-load-"))
            database_url = sqlite_url(Path(folder, "load.sqlite3"))
        processes = await stack.enter_async_context(Processes())
        settings = settings_for(database_url) | {
            "CONDUIT_ENV": "development",
            "CONDUIT_LOG_LEVEL": "ERROR",
            "CONDUIT_PASSWORD_HASHING": "fast",
            # If each socket needs a thread, the number of sockets is a setting.
            "CONDUIT_LIVE_SOCKETS": str(plan.sockets),
        }
        app_log = LogFile(plan.app.name, logs / f"{plan.app.name}.log")
        port = free_port()
        await migrate(plan.app, settings, processes, app_log)
        child = await serve(plan.app, port, settings, processes, app_log)
        yield LiveServers(f"http://{HOST}:{port}", database_url, child)


class Clients:
    """The process that holds the sockets."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def do(self, order: str, **arguments: Any) -> Any:
        process = self._child.process
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"do": order, **arguments}).encode() + b"\n")
        line = await process.stdout.readline()
        if not line:
            raise failure(self._child.log, "the process with the sockets ended")
        return json.loads(line)


@asynccontextmanager
async def socket_process() -> AsyncIterator[Clients]:
    async with Processes() as processes:
        command = python("-m compare.measure.load.sockets")
        yield Clients(await processes.start(KeptLog("sockets"), command, cwd=ROOT, streams="pipes"))


async def measure(
    plan: LiveOptions, site: LiveServers, clients: Clients, say: Callable[[str], None]
) -> Report:
    # Idle connections are closed here before the server closes them.
    limits = httpx2.Limits(max_connections=None, keepalive_expiry=1)
    async with httpx2.AsyncClient(
        base_url=site.url, timeout=TIMEOUT, limits=limits, trust_env=False
    ) as client:
        writer = await sign_up(client)
        # Load what is loaded on first use before the memory is measured.
        await asyncio.gather(*(client.get("/api/articles") for _ in range(20)))
        slug = await writer.create_article(0)
        before = memory_of(site.child.process.pid)
        opened = await clients.do(
            "connect", url=f"{site.url.replace('http', 'ws')}/api/live", count=plan.sockets
        )
        if opened["connected"] < plan.sockets:
            failures = opened["failures"]
            raise Failed(f"{len(failures)} sockets were not opened, the first: {failures[0]}")
        channels = ["articles", f"article:{slug}"]
        subscribed = await clients.do("subscribe", channels=channels)
        if refusals := subscribed["refusals"]:
            raise Failed(f"{len(refusals)} subscriptions were refused, the first: {refusals[0]}")
        if ends := subscribed["ends"]:
            raise Failed(f"{len(ends)} sockets were closed, the first: {ends[0]}")
        if missing := subscribed["missing"]:
            raise Failed(f"{missing} subscriptions were not answered")
        await asyncio.sleep(1)
        memory = Memory(before, memory_of(site.child.process.pid))
        newest = await asyncio.to_thread(newest_event, site.database_url)
        say(f"{plan.events} events to {plan.sockets} sockets on {plan.app.title}")
        busy = cpu_of(site.child.process.pid)
        prober = Prober(client)
        commits = await write_events(plan.events, site.database_url, writer, slug)
        collected = await clients.do("collect", events=plan.events)
        probes = await prober.stop()
        busy = cpu_of(site.child.process.pid) - busy
        await clients.do("close")
    recorded = await asyncio.to_thread(events_after, site.database_url, newest)
    return make_report(plan, recorded, commits, collected, probes, memory, busy)


def memory_of(pid: int) -> int:
    return sum(process.memory_info().rss for process in processes_of(pid))


def cpu_of(pid: int) -> float:
    times = [process.cpu_times() for process in processes_of(pid)]
    return sum(each.user + each.system for each in times)


def processes_of(pid: int) -> list[psutil.Process]:
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def make_report(
    plan: LiveOptions,
    recorded: Mapping[int, float],
    commits: Mapping[int, float],
    collected: Mapping[str, Any],
    probes: Probes,
    memory: Memory,
    app_cpu: float,
) -> Report:
    arrivals = collected["arrivals"]
    by_the_app = {number: at for number, at in recorded.items() if number not in commits}
    others = delays(commits, arrivals)
    return Report(
        plan=plan,
        delivery=delivery(list(recorded), arrivals),
        closed_early=Counter(collected["ends"]),
        by_the_app=spread(delays(by_the_app, arrivals)),
        by_another=spread(others) if others else None,
        seconds=collected["seconds"],
        probes=probes,
        memory=memory,
        app_cpu=app_cpu / collected["seconds"],
        own_cpu=collected["cpuSeconds"] / collected["seconds"],
        own_lateness=spread(collected["lateness"]),
    )


class EventWriter:
    """A user whose actions are events, one for each call."""

    def __init__(self, client: httpx2.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Token {token}"}

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        response = await self._client.request(method, path, json=body, headers=self._headers)
        if not response.is_success:
            raise Failed(f"{method} {path} was answered with {response.status_code}")
        return response.json()

    async def create_article(self, number: int) -> str:
        fields = {"title": f"Load {number}", "description": "d", "body": "b" * 500}
        slug: str = (await self._send("POST", "/api/articles", {"article": fields}))["article"][
            "slug"
        ]
        return slug

    async def act(self, number: int, slug: str) -> None:
        if number % 4 == 0:
            await self.create_article(number + 1)
        elif number % 4 == 1:
            await self._send("POST", f"/api/articles/{slug}/favorite")
        elif number % 4 == 2:
            comment = {"comment": {"body": f"Comment {number}"}}
            await self._send("POST", f"/api/articles/{slug}/comments", comment)
        else:
            await self._send("DELETE", f"/api/articles/{slug}/favorite")


async def sign_up(client: httpx2.AsyncClient) -> EventWriter:
    user = {"username": "load", "email": "load@example.com", "password": "triptych-load"}
    response = await client.post("/api/users", json={"user": user})
    if not response.is_success:
        raise Failed(f"POST /api/users was answered with {response.status_code}")
    return EventWriter(client, response.json()["user"]["token"])


async def write_events(
    count: int, database_url: str, writer: EventWriter, slug: str
) -> dict[int, float]:
    """Write `count` events, one after another; returns the commit times of those written here."""
    commits: dict[int, float] = {}
    by_the_app = 0
    for number in range(1, count + 1):
        if number % (OTHER_WRITE_INTERVAL + 1) == 0:
            event, at = await asyncio.to_thread(write_as_another, database_url)
            commits[event] = at
        else:
            await writer.act(by_the_app, slug)
            by_the_app += 1
    return commits


COUNT = "UPDATE event_counter SET value = value + 1 RETURNING value"
REPEAT = (
    "INSERT INTO events (id, name, article_id, author_id, data, created_at)"
    " SELECT {}, name, article_id, author_id, data, created_at"
    " FROM events ORDER BY id DESC LIMIT 1"
)


def write_as_another(database_url: str) -> tuple[int, float]:
    """Record the last event once more without the app; returns its id and the time of the commit.

    The time is taken just before the commit is sent.
    """
    if path := sqlite_path(database_url):
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            number: int = connection.execute(COUNT).fetchone()[0]
            connection.execute(REPEAT.format("?"), [number])
            at = time.time()
            connection.execute("COMMIT")
            return number, at
    with psycopg.connect(database_url) as postgres:
        row = postgres.execute(COUNT).fetchone()
        assert row is not None
        postgres.execute(REPEAT.format("%s"), row)
        postgres.execute("SELECT pg_notify('conduit_events', '')")
        at = time.time()
        postgres.commit()
        return row[0], at


def newest_event(database_url: str) -> int:
    [(number,)] = query(database_url, "SELECT value FROM event_counter")
    return int(number)


def events_after(database_url: str, newest: int) -> dict[int, float]:
    """The events after this position, and when the app recorded each, just before its commit."""
    rows = query(database_url, f"SELECT id, created_at FROM events WHERE id > {newest} ORDER BY id")
    return {number: timestamp(created_at) for number, created_at in rows}


def timestamp(value: datetime | str) -> float:
    # SQLite has no type for times, and returns the text that the apps write, in UTC.
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def query(database_url: str, statement: str) -> list[Any]:
    if path := sqlite_path(database_url):
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(database_url) as postgres:
        return postgres.execute(statement).fetchall()


class Prober:
    """Sends a request every 50 ms, whether or not the previous ones were answered."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._times: list[float] = []
        self._failures: Counter[str] = Counter()
        self._sent: set[asyncio.Task[None]] = set()
        self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while True:
            task = asyncio.create_task(self._probe())
            self._sent.add(task)
            await asyncio.sleep(PROBE_INTERVAL)

    async def _probe(self) -> None:
        before = time.monotonic()
        try:
            response = await self._client.get("/api/tags")
            if not response.is_success:
                self._failures[str(response.status_code)] += 1
        except httpx2.HTTPError as error:
            self._failures[type(error).__name__] += 1
        self._times.append((time.monotonic() - before) * 1000)

    async def stop(self) -> Probes:
        self._sending.cancel()
        await asyncio.gather(*self._sent)
        return Probes(len(self._times), self._failures, spread(self._times))


def show(report: Report) -> None:
    plan, delivered = report.plan, report.delivery
    where = "PostgreSQL" if plan.database is Kind.POSTGRES else "SQLite"
    out.print(
        f"[bold {plan.app.color}]{plan.app.title}[/], one process on {where}:"
        f" {plan.sockets} sockets, {plan.events} events in {report.seconds:.1f} s"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column()
    for head in ("p50", "p99", "max"):
        table.add_column(head, justify="right")
    add(table, "from the app's event record to delivery", report.by_the_app)
    if report.by_another:
        add(table, "from the commit by another process to its arrival", report.by_another)
    add(table, f"HTTP answer ({report.probes.count} asked for)", report.probes.times)
    add(table, "delay of the client process", report.own_lateness)
    out.print(table)
    out.print(
        f"delivered: {delivered.delivered:,} of {delivered.expected:,}, {delivered.lost} lost,"
        f" {delivered.repeated} twice, {delivered.sockets_out_of_order} sockets out of order,"
        f" {count(report.closed_early)} closed early; HTTP: {count(report.probes.failures)} failed"
    )
    out.print(
        f"memory: {report.memory.per_socket(plan.sockets) / 1024:.0f} KiB for each idle socket;"
        f" processor: the app {report.app_cpu * report.seconds:.1f} s ({report.app_cpu:.0%}"
        f" of one), the sockets' own process {report.own_cpu:.0%}"
    )


def add(table: Table, name: str, figures: Spread) -> None:
    table.add_row(name, *(f"{value:.0f} ms" for value in (figures.p50, figures.p99, figures.max)))


def count(kinds: Mapping[str, int]) -> str:
    """The total number, and the number of each kind."""
    named = ", ".join(f"{number} × {kind}" for kind, number in kinds.items())
    return f"{sum(kinds.values())}" + (f" ({named})" if named else "")
