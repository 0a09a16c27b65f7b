"""Speed: requests per second, delays, processor time and statements of reads and writes."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from compare.measure.bench.plan import READ_CLIENTS, Findings, Options, interleaved
from compare.measure.bench.servers import BenchSite, RunningServer
from compare.measure.bench.statements import logged_statements
from compare.measure.bench.verify import ARTICLE, READS, OtherBackend, ensure_equal, request
from compare.measure.bench.wrk import Burst, send
from compare.measure.load.live import cpu_of
from compare.run.databases import sqlite_path
from compare.run.record import Figure, Subject, figure
from compare.run.terminal import Failed

USERS = 16
WRITES = ("create_article", "favorite", "comment")
COUNTED = 5
"""The number of requests of each kind that are sent to count their statements."""
PAUSE = 0.1


@dataclass(frozen=True)
class Timed:
    """One burst, and the processor time that its server needed for it."""

    burst: Burst
    cpu: float | None

    @property
    def cpu_ms(self) -> float | None:
        return None if self.cpu is None else self.cpu * 1000 / self.burst.requests


def figures_of(
    subject: Subject,
    place: str,
    rounds: Sequence[Timed],
    *,
    database: str | None,
    clients: int,
) -> list[Figure]:
    """The figures of one operation with one number of clients."""

    def of(measure: str, unit: str, values: Sequence[float], higher: bool = False) -> Figure:
        return figure(
            subject,
            f"{place}.{measure}",
            unit,
            values,
            better="higher" if higher else "lower",
            database=database,
            clients=clients,
        )

    bursts = [each.burst for each in rounds]
    found = [
        of("requests_per_second", "1/s", [burst.per_second for burst in bursts], higher=True),
        of("p50", "ms", [burst.p50 for burst in bursts]),
        of("p99", "ms", [burst.p99 for burst in bursts]),
    ]
    times = [each.cpu_ms for each in rounds if each.cpu_ms is not None]
    return [*found, of("processor_time", "ms", times)] if times else found


async def timed(
    wrk: str, server: RunningServer, path: str, clients: int, seconds: float, plan: Sequence[str]
) -> Timed:
    """One burst of requests to one server."""
    before = cpu_of(server.pid) if server.child else None
    burst = await send(wrk, f"{server.url}{path}", clients=clients, seconds=seconds, plan=plan)
    return Timed(burst, cpu_of(server.pid) - before if before is not None else None)


@dataclass(frozen=True)
class Read:
    """One read of one server."""

    server: RunningServer
    name: str
    path: str


async def measure_reads(
    wrk: str,
    options: Options,
    servers: Sequence[RunningServer],
    others: Sequence[OtherBackend],
    findings: Findings,
) -> None:
    """Measure the four reads of the apps, of *bare* and of other backends, and *floor*."""
    slugs = {each.server.subject.id: each.slug for each in others}
    floors = [server for server in servers if server.subject.kind == "floor"]
    readers = [server for server in servers if server.subject.kind != "floor"]
    all_readers = [*readers, *(each.server for each in others)]
    for server in [*floors, *all_readers]:
        findings.show_step(f"warming up {server.subject.title}")
        path = "/api/floor" if server in floors else READS["tags"]
        # If this fails, the measurements fail too, and report it.
        with suppress(Failed):
            await send(wrk, f"{server.url}{path}", clients=READ_CLIENTS, seconds=1)
    reads = [Read(server, "floor", "/api/floor") for server in floors]
    reads += [
        Read(server, name, template.format(slug=slugs.get(server.subject.id, ARTICLE)))
        for name, template in READS.items()
        for server in all_readers
    ]

    async def measure(read: Read) -> Timed:
        findings.show_step(f"{read.name} of {read.server.subject.title}")
        seconds = options.read_seconds
        found = await timed(wrk, read.server, read.path, READ_CLIENTS, seconds, ["get"])
        findings.advance()
        return found

    # All reads in each round, so that the rounds of one read are a minute apart: their spread
    # then shows a disturbance of the machine that lasts as long.
    rounds = await interleaved(reads, options.rounds, measure, pause=PAUSE)
    rates: dict[str, dict[str, Sequence[float]]] = {"floor": {}, **{name: {} for name in READS}}
    for read, values in zip(reads, rounds, strict=True):
        subject = read.server.subject
        if isinstance(values, Failed):
            findings.miss("reads", values, subject.id)
            continue
        on_postgres = read.name != "floor" and read.server.child
        findings.figures += figures_of(
            subject,
            f"reads.{read.name}",
            values,
            database="postgresql" if on_postgres else None,
            clients=READ_CLIENTS,
        )
        rates[read.name][subject.id] = [each.burst.per_second for each in values]
    for name in READS:
        findings.figures += ratios(all_readers, name, {**rates[name], **rates["floor"]})


def ratios(
    servers: Sequence[RunningServer], name: str, rates: Mapping[str, Sequence[float]]
) -> list[Figure]:
    """The ratio of each app to the ceilings of its framework, round by round."""
    found = []
    for server in servers:
        for kind in ("bare", "floor"):
            ceiling = rates.get(f"{server.subject.id}-{kind}")
            own_rates = rates.get(server.subject.id)
            if server.subject.kind == "app" and ceiling and own_rates:
                pairs = zip(own_rates, ceiling, strict=True)
                found.append(
                    figure(
                        server.subject,
                        f"reads.{name}.of_{kind}",
                        "ratio",
                        [own / other for own, other in pairs],
                        better="higher",
                        database="postgresql",
                        clients=READ_CLIENTS,
                    )
                )
    return found


@dataclass(frozen=True)
class Writers:
    """An app that is written to: its database, and the files with tokens and slugs for wrk."""

    server: RunningServer
    database_url: str
    tokens: Sequence[str]
    files: Sequence[str]
    newest: Mapping[str, int]
    """The highest id of each table, before anything was written."""


TABLES = ("comments", "favorites", "article_tags", "articles", "tags", "events")


async def prepare_writers(
    site: BenchSite, server: RunningServer, database_url: str, kind: str
) -> Writers:
    """Sign up users, so that nothing is hashed later, and record the highest ids."""
    tokens = []
    for number in range(USERS):
        user = {
            "username": f"bench{number}",
            "email": f"bench{number}@example.com",
            "password": "triptych-bench",
        }
        response = await request(server, "POST", "/api/users", body={"user": user})
        if response.status_code != 201:
            raise Failed(
                f"{server.subject.title} answers POST /api/users with {response.status_code}"
            )
        tokens.append(response.json()["user"]["token"])
    articles = (await request(server, "GET", "/api/articles?limit=80")).json()["articles"]
    files = []
    for name, lines in (("tokens", tokens), ("slugs", [each["slug"] for each in articles])):
        path = site.folder / f"{server.subject.id}-{kind}-{name}"
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        files.append(str(path))
    newest = await asyncio.to_thread(newest_ids, database_url)
    return Writers(server, database_url, tokens, files, newest)


def execute(database_url: str, *statements: str) -> list[int]:
    """Execute the statements; returns the first value of each that has one."""
    values = []
    if path := sqlite_path(database_url):
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            for statement in statements:
                row = connection.execute(statement).fetchone()
                values += [row[0]] if row else []
        return values
    with psycopg.connect(database_url, autocommit=True) as postgres:
        for statement in statements:
            cursor = postgres.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            values += [row[0]] if row else []
    return values


def newest_ids(database_url: str) -> dict[str, int]:
    selects = [f"SELECT coalesce(max(id), 0) FROM {table}" for table in TABLES]
    return dict(zip(TABLES, execute(database_url, *selects), strict=True))


def forget_writes(writers: Writers) -> None:
    """Delete what was written, so that each round finds the same data."""
    deletes = [
        f"DELETE FROM {table} WHERE id > {newest}" for table, newest in writers.newest.items()
    ]
    clean = "PRAGMA wal_checkpoint(TRUNCATE)"
    if not sqlite_path(writers.database_url):
        clean = f"VACUUM ANALYZE {', '.join(TABLES)}"
    execute(writers.database_url, *deletes, clean)


async def ensure_writes_equal(all_writers: Sequence[Writers]) -> None:
    """Check that all apps give the same answer to one write of each kind."""
    servers = [each.server for each in all_writers]
    tokens = {each.server.subject.id: each.tokens[0] for each in all_writers}
    article = {"title": "Bench", "description": "One", "body": "words", "tagList": ["bench"]}
    for method, path, body in (
        ("POST", "/api/articles", {"article": article}),
        ("POST", f"/api/articles/{ARTICLE}/favorite", None),
        ("DELETE", f"/api/articles/{ARTICLE}/favorite", None),
        ("POST", f"/api/articles/{ARTICLE}/comments", {"comment": {"body": "words"}}),
    ):
        await ensure_equal(servers, method, path, tokens=tokens, body=body)
    for each in all_writers:
        await asyncio.to_thread(forget_writes, each)


async def measure_writes(
    wrk: str,
    options: Options,
    all_writers: Sequence[Writers],
    database: str,
    findings: Findings,
    *,
    suffix: str = "",
    clients: Sequence[int] | None = None,
) -> None:
    """Measure each write with each number of clients, the apps in turns."""
    for name in WRITES:
        for count in clients or options.write_clients:

            async def measure(writers: Writers, name: str = name, count: int = count) -> Timed:
                findings.show_step(
                    f"{name}{suffix} of {writers.server.subject.title} on {database},"
                    f" {count} client{'s' * (count > 1)}"
                )
                plan = [name, *writers.files]
                seconds = options.write_seconds
                found = await timed(wrk, writers.server, "", count, seconds, plan)
                await asyncio.to_thread(forget_writes, writers)
                findings.advance()
                return found

            rounds = await interleaved(all_writers, options.write_rounds, measure, pause=PAUSE)
            for writers, values in zip(all_writers, rounds, strict=True):
                if isinstance(values, Failed):
                    findings.miss("writes", values, writers.server.subject.id)
                    continue
                findings.figures += figures_of(
                    writers.server.subject,
                    f"writes.{name}{suffix}",
                    values,
                    database=database,
                    clients=count,
                )


# The apps number their events with one row, which is locked until the commit. Here it is
# replaced by a sequence, which locks nothing (and does not follow the order of commits).
REPLACE_COUNTER = (
    "CREATE SEQUENCE bench_numbers",
    "SELECT setval('bench_numbers', value + 1) FROM event_counter",
    "ALTER TABLE event_counter RENAME TO event_counter_kept",
    "CREATE FUNCTION bench_last() RETURNS bigint LANGUAGE plpgsql AS"
    " 'BEGIN RETURN (SELECT last_value FROM bench_numbers); END'",
    "CREATE VIEW event_counter AS SELECT 1::smallint AS id, bench_last() AS value",
    "CREATE FUNCTION bench_next() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.value := nextval(''bench_numbers''); RETURN NEW; END'",
    "CREATE TRIGGER bench_next INSTEAD OF UPDATE ON event_counter"
    " FOR EACH ROW EXECUTE FUNCTION bench_next()",
)
RESTORE_COUNTER = (
    "DROP VIEW event_counter",
    "ALTER TABLE event_counter_kept RENAME TO event_counter",
    "UPDATE event_counter SET value = nextval('bench_numbers')",
    "DROP FUNCTION bench_next, bench_last",
    "DROP SEQUENCE bench_numbers",
)


async def measure_without_counter(
    wrk: str, options: Options, all_writers: Sequence[Writers], findings: Findings
) -> None:
    """Measure the same writes while the events are numbered without a lock."""
    for each in all_writers:
        await asyncio.to_thread(execute, each.database_url, *REPLACE_COUNTER)
    await measure_writes(
        wrk,
        options,
        all_writers,
        "postgresql",
        findings,
        suffix="_without_counter",
        clients=[16],
    )
    for each in all_writers:
        await asyncio.to_thread(execute, each.database_url, *RESTORE_COUNTER)


async def count_statements(
    site: BenchSite, all_writers: Sequence[Writers], groups: Sequence[str], findings: Findings
) -> None:
    """Count what PostgreSQL executes for a request, from its log, including BEGIN and COMMIT."""
    kinds = [
        *(f"reads.{name}" for name in READS if "reads" in groups),
        *(f"writes.{name}" for name in WRITES if "writes" in groups),
    ]
    for writers in all_writers:
        findings.show_step(f"statements of {writers.server.subject.title}")
        database = urlsplit(writers.database_url).path.removeprefix("/")
        for place in kinds:
            sent = await send_one(writers, place, 0)
            async with logged_statements(site.postgres.url, database) as statements:
                for number in range(1, COUNTED + 1):
                    await send_one(writers, place, number)
            findings.figures.append(
                figure(
                    writers.server.subject,
                    f"{place}.statements",
                    "count",
                    [len(statements) / COUNTED / sent],
                    better="lower",
                    database="postgresql",
                )
            )
        await asyncio.to_thread(forget_writes, writers)


async def send_one(writers: Writers, place: str, number: int) -> int:
    """Send an operation once; returns how many requests it is."""
    group, name = place.split(".")
    article = {"title": f"Bench {number}", "description": "One", "body": "words", "tagList": ["a"]}
    favorite = f"/api/articles/{ARTICLE}/favorite"
    comments = f"/api/articles/{ARTICLE}/comments"
    requests: Mapping[str, Sequence[tuple[str, str, Any]]] = {
        "create_article": [("POST", "/api/articles", {"article": article})],
        "favorite": [("POST", favorite, None), ("DELETE", favorite, None)],
        "comment": [("POST", comments, {"comment": {"body": "words"}})],
    }
    token = writers.tokens[0] if group == "writes" else ""
    reads = [("GET", READS[name].format(slug=ARTICLE), None)] if group == "reads" else []
    sent = reads or requests[name]
    for method, path, body in sent:
        await request(writers.server, method, path, token=token, body=body)
    return len(sent)
