"""`load growth`: how long each read takes with a thousand articles, and with a million."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.table import Table

from compare.measure.bench.servers import (
    BenchSite,
    RunningServer,
    running_databases,
    seed_settings,
    start_app,
)
from compare.measure.bench.statements import logged_statements
from compare.measure.bench.verify import request
from compare.measure.bench.wrk import MISSING, find_wrk, send
from compare.run.apps import BY_NAME, App, AppsOption, choose_apps
from compare.run.databases import PostgresDatabase
from compare.run.processes import run_to_end
from compare.run.start import migrate
from compare.run.state import HOME, make_home
from compare.run.terminal import Failed, JSONOption, UsageError, err, out, print_json

SIZES = "1000,10000,100000,1000000"
MOST = 5_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)
# How many times as long as with the fewest articles a read may take.
GOALS = {100_000: 1.5, 1_000_000: 2.0}
TAGS_OF_AN_ARTICLE = 3
FOLLOWS_OF_A_USER = 10
COMMENTS_OF_THE_ARTICLE = 20
"""The comments of the article that is read; other articles have one comment."""
AUTHORS = 2000
SECONDS_OF_SLOW = 10
BUSY, FEW = 1, 7
BUSY_TAG, RARE_TAG = 10_000_000, 10_000_001
BODY = "The quick brown fox jumps over the lazy dog. " * 22


def sizes_named(text: str) -> list[int]:
    """Numbers of articles, in ascending order."""
    try:
        sizes = [int(part.replace("_", "")) for part in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or sizes != sorted(set(sizes)) or sizes[0] < 1000 or sizes[-1] > MOST:
        raise UsageError(
            f"--sizes {text!r} cannot be used: give numbers from 1000 to {MOST} in ascending"
            f" order, such as {SIZES}"
        )
    return sizes


def growth(
    app: AppsOption = None,
    sizes: Annotated[
        str,
        typer.Option(
            metavar="N,N,…", help="Measure with these numbers of articles, in ascending order."
        ),
    ] = SIZES,
    seconds: Annotated[
        int, typer.Option(min=1, max=60, metavar="N", help="Send each read for N seconds.")
    ] = 2,
    as_json: JSONOption = False,
) -> None:
    """Fill the database with more and more articles, and measure each read at each size."""
    wrk = find_wrk()
    if wrk is None:
        raise UsageError(MISSING)
    numbers = sizes_named(sizes)
    reports = []
    try:
        for each in choose_apps(app):
            report = run_to_end(carry_out(wrk, each, numbers, seconds))
            reports.append(asdict(report))
            if not as_json:
                show(report)
    finally:  # also the apps before one that fails
        if as_json:
            print_json(reports)


@dataclass(frozen=True)
class GrownRead:
    """A read, and its time at each size."""

    name: str
    path: Mapping[int, str]
    p50: Mapping[int, float]
    """Milliseconds."""
    plans: Sequence[str] = ()
    """The statements at the largest size, each with its plan, if the read gets slower."""

    def ratio(self, size: int) -> float:
        return self.p50[size] / self.p50[min(self.p50)]


@dataclass(frozen=True)
class GrowthReport:
    app: str
    filled: Mapping[int, float]
    """The seconds in which each size was filled in."""
    reads: Sequence[GrownRead]


@dataclass(frozen=True)
class Readers:
    """The tokens of two users, by the number of authors that they follow."""

    tokens: Mapping[int, str]


def paths(size: int) -> dict[str, str]:
    """The path of each read at that size."""
    return {
        "list": "/api/articles",
        "page 50": "/api/articles?offset=980",
        "page at nine tenths": f"/api/articles?offset={size * 9 // 10}",
        "busy tag": "/api/articles?tag=busy",
        "rare tag": "/api/articles?tag=rare",
        "busy author": f"/api/articles?author=author{BUSY}",
        "author of a few": f"/api/articles?author=author{FEW}",
        "busy favorites": f"/api/articles?favorited=author{BUSY}",
        "feed of 1": "/api/articles/feed",
        "feed of 1000": "/api/articles/feed",
        "article": "/api/articles/article-500",
        "comments": "/api/articles/article-500/comments",
        "tags": "/api/tags",
        "profile": f"/api/profiles/author{FEW}",
    }


FOLLOWING = {"feed of 1": 1, "feed of 1000": 1000}


async def carry_out(wrk: str, app: App, sizes: Sequence[int], seconds: int) -> GrowthReport:
    with err.status("starting PostgreSQL") as status:
        async with running_databases() as site:
            return await measure(wrk, app, sizes, seconds, site, status.update)


async def measure(
    wrk: str, app: App, sizes: Sequence[int], seconds: int, site: BenchSite, say: Any
) -> GrowthReport:
    database = PostgresDatabase(site.postgres.url, "growth")
    await asyncio.to_thread(database.start_draft)
    await asyncio.to_thread(database.finish_draft)
    try:
        await migrate(app, seed_settings(database.url), site.processes, site.log)
        server = await start_app(site, app, database.url)
        readers = await sign_up(server)
        p50: dict[str, dict[int, float]] = {name: {} for name in paths(sizes[0])}
        filled: dict[int, float] = {}
        before = 0
        for size in sizes:
            say(f"filling {size:,} articles")
            start = time.monotonic()
            await asyncio.to_thread(fill, database.url, before, size)
            filled[size] = round(time.monotonic() - start, 1)
            before = size
            for name, path in paths(size).items():
                say(f"{name} of {size:,} articles")
                plan = ["get", *token_file(site, readers, name)]
                url = f"{server.url}{path}"
                p50[name][size] = await measure_read(wrk, url, seconds, plan)
        reads = []
        for name, times in p50.items():
            grown = GrownRead(name, {size: paths(size)[name] for size in sizes}, times)
            if grown.ratio(sizes[-1]) > min(GOALS.values()):
                say(f"plans of {name}")
                plans = await explain(site, server, readers, name, paths(sizes[-1])[name])
                grown = GrownRead(name, grown.path, times, plans)
            reads.append(grown)
        await site.stop(server)
        return GrowthReport(app.name, filled, reads)
    finally:
        # The database may have some gigabytes.
        await asyncio.shield(asyncio.to_thread(drop, site, database.name))


async def measure_read(wrk: str, url: str, seconds: int, plan: Sequence[str]) -> float:
    """The p50 in milliseconds; a read that takes longer than the measurement gets more time."""
    with suppress(Failed):
        await send(wrk, url, clients=1, seconds=1, plan=plan)
        return (await send(wrk, url, clients=1, seconds=seconds, plan=plan)).p50
    return (await send(wrk, url, clients=1, seconds=SECONDS_OF_SLOW, plan=plan)).p50


def drop(site: BenchSite, name: str) -> None:
    with psycopg.connect(site.postgres.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def sign_up(server: RunningServer) -> Readers:
    """Sign up the two users whose feeds are read."""
    tokens = {}
    for number in FOLLOWING.values():
        user = {
            "username": f"reader{number}",
            "email": f"reader{number}@example.com",
            "password": "triptych-growth",
        }
        response = await request(server, "POST", "/api/users", body={"user": user})
        if response.status_code != 201:
            raise Failed(f"POST /api/users was answered with {response.status_code}")
        tokens[number] = response.json()["user"]["token"]
    return Readers(tokens)


def token_file(site: BenchSite, readers: Readers, name: str) -> list[str]:
    """The file with the token for wrk, if the read needs a token."""
    if name not in FOLLOWING:
        return []
    path = site.folder / f"token-{FOLLOWING[name]}"
    path.write_text(f"{readers.tokens[FOLLOWING[name]]}\n", "utf-8")
    return [str(path)]


def fill(url: str, before: int, size: int) -> None:
    """Fill in articles up to this size, and the other tables in proportion."""
    users = range(1 if before == 0 else AUTHORS + before // 10 + 1, AUTHORS + size // 10 + 1)
    articles = range(before + 1, size + 1)
    with psycopg.connect(url) as connection:
        # The rows are valid, and checking each foreign key would take longer than writing the rows.
        connection.execute("SET session_replication_role = replica")
        [(first_user,)] = connection.execute("SELECT min(id) FROM users").fetchall()
        # The readers have the first ids.
        base = first_user + len(FOLLOWING) - 1
        copy(
            connection,
            "users (id, email, username, password, bio, token_version, is_active, is_staff,"
            " is_superuser, created_at)",
            (
                (base + n, f"author{n}@example.com", f"author{n}", "x", "Writes.", 1,
                 True, False, False, START)
                for n in users
            ),
        )  # fmt: skip
        total = AUTHORS + size // 10
        copy(
            connection,
            "articles (id, author_id, slug, title, description, body, created_at, updated_at)",
            (
                (n, base + author_of(n, total), f"article-{n}", f"Article {n}", "About one thing",
                 BODY, START + timedelta(minutes=n), START + timedelta(minutes=n))
                for n in articles
            ),
        )  # fmt: skip
        tags = range(before // 100 + 1 if before else 1, size // 100 + 1)
        names = [(n, f"tag{n}") for n in tags]
        if before == 0:
            names += [(BUSY_TAG, "busy"), (RARE_TAG, "rare")]
        copy(connection, "tags (id, name)", names)
        copy(connection, "article_tags (article_id, tag_id)", tag_links(articles, size // 100))
        copy(
            connection,
            "favorites (user_id, article_id)",
            ((base + user, n) for n in articles for user in favorers(n, total)),
        )
        copy(
            connection,
            "follows (follower_id, followed_id)",
            (
                (base + n, base + (n + step) % AUTHORS + 1)
                for n in users
                for step in range(1, FOLLOWS_OF_A_USER + 1)
                if (n + step) % AUTHORS + 1 != n
            ),
        )
        copy(
            connection,
            "comments (article_id, author_id, body, created_at, updated_at)",
            (
                (n, base + n % AUTHORS + 1, "I read it twice.", START, START)
                for n in articles
                for _ in range(COMMENTS_OF_THE_ARTICLE if n == 500 else 1)
            ),
        )
        if before == 0:
            follow = "INSERT INTO follows (follower_id, followed_id) SELECT %s, %s + n"
            series = " FROM generate_series(%s::int, %s::int) n"
            connection.execute(follow + series, [first_user, base, FEW, FEW])
            connection.execute(follow + series, [first_user + 1, base, 2, 1001])
        for table in ("users", "articles", "tags"):
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            connection.execute(f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def author_of(article: int, users: int) -> int:
    """The author: of one in 40 articles the busy one, of 20 articles in total the one of few."""
    if article % 40 == 0:
        return BUSY
    return FEW if is_of_the_few(article, 7) else article % (users - FEW) + FEW + 1


def is_of_the_few(article: int, rest: int) -> bool:
    """Whether it is one of the 20 articles that exist at each size."""
    return article <= 1000 and article % 50 == rest


def tag_links(articles: Iterable[int], tags: int) -> Iterator[tuple[int, int]]:
    """The tags: a fifth of the articles has the busy tag, and 20 in total have the rare one."""
    for n in articles:
        own = {n % tags + 1, n * 7 % tags + 1, n * 31 % tags + 1}
        for tag in sorted(own)[: TAGS_OF_AN_ARTICLE - (n % 5 == 0)]:
            yield n, tag
        if n % 5 == 0:
            yield n, BUSY_TAG
        if is_of_the_few(n, 13):
            yield n, RARE_TAG


def favorers(article: int, users: int) -> set[int]:
    """The busy author likes one of forty articles, and some others like each."""
    others = {article * step % (users - FEW) + FEW + 1 for step in (3, 11, 17)}
    return ({BUSY} if article % 40 == 0 else set()) | others


def copy(connection: psycopg.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as writing:
        for row in rows:
            writing.write_row(row)


async def explain(
    site: BenchSite, server: RunningServer, readers: Readers, name: str, path: str
) -> list[str]:
    """The statements that the app executes for the read, each with its plan."""
    token = readers.tokens[FOLLOWING[name]] if name in FOLLOWING else ""
    async with logged_statements(site.postgres.url, "growth") as statements:
        await request(server, "GET", path, token=token)
    url = PostgresDatabase(site.postgres.url, "growth").url
    plans = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            if statement.lstrip().upper().startswith("SELECT") and " FROM " in statement:
                rows = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}".encode())
                plans.append("\n".join([statement, "", *(row[0] for row in rows)]))
    return plans


def show(report: GrowthReport) -> None:
    """A row for each read: the milliseconds at each size, and the ratio to the first size."""
    sizes = list(report.filled)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(f"{BY_NAME[report.app].title}: p50 by number of articles", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    for size in sizes[1:]:
        table.add_column(f"× at {size:,}", justify="right")
    for read in report.reads:
        times = [f"{read.p50[size]:.1f} ms" for size in sizes]
        ratios = [
            f"{read.ratio(size):.2f}" + ("  " if read.ratio(size) <= goal(size) else " !")
            for size in sizes[1:]
        ]
        table.add_row(read.name, *times, *ratios)
    out.print(table)
    filled = ", ".join(f"{size:,} in {seconds} s" for size, seconds in report.filled.items())
    out.print(f"filled: {filled}; ! is more than the goal of {goal(sizes[-1])}", soft_wrap=True)
    folder = make_home("growth")
    for read in report.reads:
        if read.plans:
            name = f"{report.app}-{read.name.replace(' ', '-')}.txt"
            text = "\n\n".join(read.plans)
            (folder / name).write_text(f"GET {read.path[sizes[-1]]}\n\n{text}\n", "utf-8")
            out.print(f"plans: {shown(folder / name)}", soft_wrap=True)


def shown(path: Path) -> str:
    return str(path.relative_to(HOME.parent)) if path.is_relative_to(HOME.parent) else str(path)


def goal(size: int) -> float:
    """The highest acceptable ratio at that size."""
    return next((most for limit, most in GOALS.items() if size <= limit), max(GOALS.values()))
