"""`bench`: one run that measures the three apps side by side."""

import asyncio
import re
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from compare.measure.bench import footprint, speed, waiting
from compare.measure.bench.machine import (
    describe_commit,
    describe_machine,
    describe_versions,
    postgres_version,
)
from compare.measure.bench.plan import (
    GROUPS,
    QUICK_GROUPS,
    READ_CLIENTS,
    Backend,
    Findings,
    Options,
)
from compare.measure.bench.servers import (
    POOL_SIZE,
    BenchSite,
    RunningServer,
    app_subject,
    ceiling_subject,
    copy_database,
    make_sqlite,
    running_site,
    start_app,
    start_ceiling,
)
from compare.measure.bench.show import show, show_changes
from compare.measure.bench.verify import OtherBackend, ensure_reads_equal, examine
from compare.measure.bench.wrk import MISSING, find_wrk, wrk_version
from compare.measure.load.live import SPARE_FILES, allow_files
from compare.run.apps import APPS, App, AppsOption, choose_apps
from compare.run.processes import run_to_end
from compare.run.record import Missing, Run, Subject, load_run, save
from compare.run.terminal import Failed, UsageError, caller_path, err, output_path

WITH_POSTGRES = {"reads", "writes", "memory", "start"}
WITH_WRK = {"reads", "writes"}
TIME_LIMIT = 45 * 60
BACKEND = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)=(?P<url>https?://[^\s/]+(?:/[^\s?#]*)?)")


def group_named(name: str) -> str:
    if name not in GROUPS:
        raise UsageError(f"there is no group {name!r}: give some of {', '.join(GROUPS)}")
    return name


def backend_named(text: str) -> Backend:
    """The backend's name and URL, without `/api`, which is in the paths of the requests."""
    found = BACKEND.fullmatch(text)
    if not found:
        raise UsageError(f"--url {text!r} cannot be read: give NAME=http://host:port")
    return Backend(found["name"], found["url"].rstrip("/").removesuffix("/api"))


def bench(
    app: AppsOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP",
            parser=group_named,
            help=f"Measure only this group: {', '.join(GROUPS)}. Repeat the option for several.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", parser=output_path, help="Write the run into a file."
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Measure fewer groups in shorter rounds, within two minutes."),
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", parser=caller_path, help="Show what changed since that run."),
    ] = None,
    url: Annotated[
        list[Backend] | None,
        typer.Option(
            metavar="NAME=URL",
            parser=backend_named,
            help="Also measure the reads of another running Conduit backend.",
        ),
    ] = None,
) -> None:
    """Measure the apps: speed, memory, start, packages, code, sockets and concurrency."""
    before = load_run(against) if against else None
    groups = only or (QUICK_GROUPS if quick else GROUPS)
    options = Options(
        apps=choose_apps(app),
        groups=[group for group in GROUPS if group in groups],
        quick=quick,
        urls=url or [],
    )
    names = [backend.name for backend in options.urls]
    taken = {subject.id for each in APPS for subject in subjects_of(each)}
    if len(set(names)) < len(names) or taken & set(names):
        raise UsageError("--url: give each backend a name of its own, and not one of the apps'")
    if options.urls and "reads" not in options.groups:
        raise UsageError("--url is for the reads: leave out --only, or add --only reads")
    if "sockets" in options.groups:
        allow_files(options.sockets + SPARE_FILES)
    run, failures = run_to_end(carry_out(options))
    try:
        show(run)
        if before:
            show_changes(before, run)
    finally:  # also if the output fails
        if output:
            save(run, output)
    if failures:
        raise Failed(
            f"not everything was measured ({', '.join(dict.fromkeys(failures))}): see above"
        )


def subjects_of(app: App) -> list[Subject]:
    return [app_subject(app), ceiling_subject(app, "bare"), ceiling_subject(app, "floor")]


async def carry_out(options: Options) -> tuple[Run, Sequence[str]]:
    """The run and its failed groups; Ctrl-C ends the servers, and nothing is written."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(20),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    limit = asyncio.timeout(TIME_LIMIT)
    try:
        with Progress(
            *columns, console=err, transient=True, disable=not err.is_terminal
        ) as progress:
            task = progress.add_task("starting", total=count_steps(options))
            findings = Findings(
                show_step=lambda text: progress.update(task, description=text),
                advance=lambda: progress.advance(task),
            )
            async with limit:
                return await measure(options, findings), findings.failures
    except TimeoutError:
        if not limit.expired():
            raise
        raise Failed(
            f"the run took longer than {TIME_LIMIT // 60} minutes and was ended: give --quick or"
            " --only, or end the other programs on this machine"
        ) from None


def count_steps(options: Options) -> int:
    """How many times `advance` is called in a run that misses nothing."""
    apps, groups = len(options.apps), options.groups
    writes = 3 * apps * options.write_rounds
    steps = {
        "reads": options.rounds * (apps + 4 * (2 * apps + len(options.urls))),
        "writes": writes * (len(options.write_clients) * len(options.databases))
        + (0 if options.quick else writes),
        "memory": len(options.memory_workers) * apps,
        "start": 2 * apps * options.start_rounds,
        "weight": apps,
        "code": 1,
        "sockets": apps,
        "concurrency": apps,
    }
    return sum(steps[group] for group in groups)


async def measure(options: Options, findings: Findings) -> Run:
    """The whole run."""
    started, start = datetime.now(UTC), time.monotonic()
    machine, commit, versions = describe_machine(), describe_commit(), describe_versions()
    groups = set(options.groups)
    wrk = find_wrk()
    if wrk:
        versions["wrk"] = await wrk_version(wrk)
    else:
        findings.missing += [
            Missing(group, MISSING) for group in GROUPS if group in groups & WITH_WRK
        ]
        if "memory" in groups:
            findings.missing.append(Missing("memory", f"after a load: {MISSING}"))
        groups -= WITH_WRK
    left_out = [group for group in GROUPS if group not in options.groups]
    reason = "left out by --only" if not options.quick else "left out by --quick or --only"
    findings.missing += [Missing(group, reason) for group in left_out]
    others: list[OtherBackend] = []
    if groups & WITH_POSTGRES:
        others = await measure_servers(wrk, options, groups, versions, findings)
    for name, group in (
        ("concurrency", waiting.measure_concurrency),
        ("sockets", waiting.measure_sockets),
        ("weight", footprint.measure_weight),
        ("code", footprint.measure_code),
    ):
        if name in groups:
            with findings.group(name):
                await group(options, findings)
    measured = {each.subject for each in findings.figures}
    subjects = [
        *(subject for app in options.apps for subject in subjects_of(app)),
        *(other.server.subject for other in others),
    ]
    return Run(
        command=shlex.join(["./triptych", *sys.argv[1:]]),
        started_at=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(time.monotonic() - start, 1),
        quick=options.quick,
        commit=commit,
        machine=machine,
        versions=versions,
        rules=rules_of(options, others),
        subjects=[subject for subject in subjects if subject.id in measured],
        figures=findings.figures,
        missing=findings.missing,
    )


def rules_of(options: Options, others: Sequence[OtherBackend]) -> dict[str, Any]:
    """The conditions of the measurement."""
    return {
        "processes": 1,
        "pool": POOL_SIZE,
        "read_clients": READ_CLIENTS,
        "read_rounds": options.rounds,
        "read_seconds": options.read_seconds,
        "write_rounds": options.write_rounds,
        "write_seconds": options.write_seconds,
        "processors_shared": True,
        "start_rounds": options.start_rounds,
    } | {f"articles_of_{other.server.subject.id}": other.articles for other in others}


async def measure_servers(
    wrk: str | None,
    options: Options,
    groups: set[str],
    versions: dict[str, str],
    findings: Findings,
) -> list[OtherBackend]:
    """The groups for which apps run on the built-in PostgreSQL."""
    findings.show_step("filling the databases")
    async with running_site() as site:
        versions["postgresql"] = await asyncio.to_thread(postgres_version, site.postgres.url)
        urls = {app.name: await copy_database(site, app) for app in options.apps}
        others: list[OtherBackend] = []
        if wrk and groups & WITH_WRK:
            others = await measure_speed(wrk, site, options, groups, urls, findings)
        if "memory" in groups:
            with findings.group("memory"):
                await footprint.measure_memory(site, wrk, options, urls, findings)
        if "start" in groups:
            await footprint.measure_start(site, options, urls, findings)
        return others


async def measure_speed(
    wrk: str,
    site: BenchSite,
    options: Options,
    groups: set[str],
    urls: dict[str, str],
    findings: Findings,
) -> list[OtherBackend]:
    """Reads, writes and statements: everything is verified before it is timed."""
    findings.show_step("starting the servers")
    apps = [await start_app(site, app, urls[app.name]) for app in options.apps]
    ceilings: list[RunningServer] = []
    others: list[OtherBackend] = []
    if "reads" in groups:
        ceilings = [
            await start_ceiling(site, app, kind)
            for app in options.apps
            for kind in ("bare", "floor")
        ]
        findings.show_step("comparing the answers")
        bare = [each for each in ceilings if each.subject.kind == "bare"]
        await ensure_reads_equal([*apps, *bare])
        for backend in options.urls:
            subject = Subject(backend.name, backend.name, "url")
            others.append(await examine(RunningServer(subject, backend.url)))
    writers = [
        await speed.prepare_writers(site, server, urls[app.name], "postgresql")
        for app, server in zip(options.apps, apps, strict=True)
    ]
    if "writes" in groups:
        await speed.ensure_writes_equal(writers)
    await speed.count_statements(site, writers, options.groups, findings)
    if "reads" in groups:
        await speed.measure_reads(wrk, options, [*apps, *ceilings], others, findings)
        for server in ceilings:
            await site.stop(server)
    if "writes" in groups:
        await speed.measure_writes(wrk, options, writers, "postgresql", findings)
        if not options.quick:
            await speed.measure_without_counter(wrk, options, writers, findings)
    for server in apps:
        await site.stop(server)
    if "writes" in groups and "sqlite" in options.databases:
        await measure_sqlite(wrk, site, options, findings)
    return others


async def measure_sqlite(wrk: str, site: BenchSite, options: Options, findings: Findings) -> None:
    """The writes on SQLite."""
    findings.show_step("filling the SQLite files")
    writers = []
    for app in options.apps:
        url = await make_sqlite(site, app)
        server = await start_app(site, app, url)
        writers.append(await speed.prepare_writers(site, server, url, "sqlite"))
    await speed.ensure_writes_equal(writers)
    await speed.measure_writes(wrk, options, writers, "sqlite", findings)
    for each in writers:
        await site.stop(each.server)
