"""Costs without any load: memory, start, installed packages, code."""

import ast
import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import time
import tokenize
from collections.abc import Mapping
from importlib.metadata import Distribution
from io import StringIO
from pathlib import Path
from typing import Any

from compare.measure.bench.plan import READ_CLIENTS, Findings, Options, interleaved
from compare.measure.bench.servers import (
    BenchSite,
    RunningServer,
    app_subject,
    settings_of,
    start_app,
)
from compare.measure.bench.verify import READS
from compare.measure.bench.wrk import send
from compare.measure.load.live import processes_of
from compare.run.apps import ROOT, App, python
from compare.run.layers import COUNTED
from compare.run.processes import Processes
from compare.run.record import Missing, figure
from compare.run.terminal import Failed, KeptLog

START_TIMEOUT = 30.0
INSTALL_TIMEOUT = 180.0
APPLICATION = re.compile(r"conduit\.\w+(?=:)")


def memory_of(pid: int) -> int:
    """The memory of a server and its workers, in bytes; on Linux, shared memory counts once."""
    total = 0
    for process in processes_of(pid):
        full = process.memory_full_info()
        total += getattr(full, "pss", full.rss)
    return total


async def measure_memory(
    site: BenchSite,
    wrk: str | None,
    options: Options,
    urls: Mapping[str, str],
    findings: Findings,
) -> None:
    """Measure the memory after the start and after a load, with one process and four workers."""
    for workers in options.memory_workers:
        for app in options.apps:
            findings.show_step(f"memory of {app.title}, {workers} worker{'s' * (workers > 1)}")
            server = await start_app(site, app, urls[app.name], workers=workers)
            await asyncio.sleep(1)
            found = {"after_start": memory_of(server.pid)}
            if wrk:
                for path in (READS["list"], READS["tags"]):
                    url = f"{server.url}{path}"
                    await send(wrk, url, clients=READ_CLIENTS, seconds=options.read_seconds)
                found["after_load"] = memory_of(server.pid)
            await site.stop(server)
            for name, value in found.items():
                findings.figures.append(
                    figure(
                        server.subject,
                        f"memory.server.{name}",
                        "bytes",
                        [value],
                        better="lower",
                        workers=workers,
                    )
                )
            findings.advance()


async def measure_start(
    site: BenchSite, options: Options, urls: Mapping[str, str], findings: Findings
) -> None:
    """Measure the import of the application, and the time from a start to the first answer."""

    async def first_import(app: App) -> float:
        findings.show_step(f"import of {app.title}")
        found = APPLICATION.search(app.servers[0].command)
        assert found is not None
        code = (
            "import time; start = time.perf_counter();"
            f" import {found[0]}; print(time.perf_counter() - start)"
        )
        record = KeptLog(app.name)
        command = [sys.executable, "-c", code]
        settings = settings_of(urls[app.name])
        await site.processes.run(
            record, command, cwd=app.folder, env=settings, timeout=START_TIMEOUT
        )
        findings.advance()
        return float(record.lines[-1])

    async def first_answer(app: App) -> float:
        findings.show_step(f"start of {app.title}")
        before = time.perf_counter()
        server = await start_app(site, app, urls[app.name], wait=False)
        took = await answered(server, READS["list"]) - before
        await site.stop(server)
        findings.advance()
        return took

    for name, measure in (("import", first_import), ("first_answer", first_answer)):
        rounds = await interleaved(options.apps, options.start_rounds, measure)
        for app, values in zip(options.apps, rounds, strict=True):
            if isinstance(values, Failed):
                findings.miss("start", values, app.name)
                continue
            findings.figures.append(
                figure(app_subject(app), f"start.server.{name}", "s", values, better="lower")
            )


async def answered(server: RunningServer, path: str) -> float:
    """The time of the server's first answer, by plain sockets, since an HTTP client is slow."""
    assert server.child is not None
    port = int(server.url.rpartition(":")[2])
    end = time.perf_counter() + START_TIMEOUT
    ask = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() < end and server.child.process.returncode is None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ask)
            head = await reader.readline()
            at = time.perf_counter()
            writer.close()
            if head.startswith(b"HTTP/1.1 200"):
                return at
        except OSError:
            pass  # not listening yet
        await asyncio.sleep(0.005)
    raise Failed(f"{server.subject.title} did not start: see its lines {server.child.log.where}")


async def measure_weight(options: Options, findings: Findings) -> None:
    """Measure what the pinned versions of each folder install in an empty environment."""
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    uv = shutil.which("uv", path=os.pathsep.join(folders))
    for app in options.apps:
        findings.show_step(f"packages of {app.title}")
        subject = app_subject(app)
        if uv is None:
            reason = "uv is not installed: ./triptych makes .venv with it"
            findings.missing.append(Missing("weight", reason, subject.id))
            continue
        with tempfile.TemporaryDirectory(prefix="triptych-weight-") as folder:
            try:
                site_packages = await install(uv, app, Path(folder))
            except Failed:
                # Its last lines are printed, and not saved: they have paths of this machine.
                reason = "the packages could not be installed"
                findings.miss("weight", Failed(reason), subject.id)
                continue
            numbers = weigh(site_packages)
        for name, unit in (("packages", "count"), ("compiled", "count"), ("size", "bytes")):
            findings.figures.append(
                figure(subject, f"weight.installed.{name}", unit, [numbers[name]], better="lower")
            )
        findings.advance()


async def install(uv: str, app: App, folder: Path) -> Path:
    """Install the app's dependencies into a fresh environment; returns its site-packages."""
    venv = folder / "venv"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(venv)],
        ["pip", "install", "--quiet", "--python", str(venv / "bin" / "python"),
         "--constraint", str(ROOT / "constraints.txt"),
         "--requirements", str(app.folder / "pyproject.toml")],
    ):  # fmt: skip
        async with Processes() as processes:
            await processes.run(
                KeptLog(f"packages of {app.title}"),
                [uv, *command],
                cwd=folder,
                env=os.environ,
                timeout=INSTALL_TIMEOUT,
            )
    return next(venv.glob("lib/python*/site-packages"))


def weigh(site_packages: Path) -> dict[str, int]:
    """How many distributions there are, how many with compiled files, and their size in bytes."""
    packages = compiled = size = 0
    for info in site_packages.glob("*.dist-info"):
        files = Distribution.at(info).files or []
        packages += 1
        compiled += any(re.search(r"\.(so|pyd|dylib)(\.|$)", file.name) for file in files)
        size += sum(
            path.stat().st_size
            for file in files
            if "__pycache__" not in file.parts and (path := Path(str(file.locate()))).is_file()
        )
    return {"packages": packages, "compiled": compiled, "size": size}


SUPPRESSED = re.compile(r"#.*\b(type: ignore|noqa|pyright: ignore)")
# Files in none of the layers start and connect the others.
LAYER_OF = {file: name for name, layer in COUNTED.items() for file in layer.files}
# Files that do not depend on the framework: the demo site, and the documentation pages.
OWN = ("conduit/demo.py", "conduit/contract/pages.py")
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


async def measure_code(options: Options, findings: Findings) -> None:
    """Lines of code by layer, and the longest call chain."""
    findings.show_step("lines of code")
    chains = await read_chains()
    for app in options.apps:
        subject = app_subject(app)
        counts = count_code(app.folder)
        for name, number in counts.items():
            measure, unit = ("count", "count") if name == "suppressed" else ("lines", "lines")
            findings.figures.append(
                figure(subject, f"code.{name}.{measure}", unit, [number], better="lower")
            )
        longest = max(chains, key=lambda each: each["apps"][app.name]["pieces"])
        pieces = longest["apps"][app.name]["pieces"]
        findings.figures.append(
            figure(subject, "code.longest_chain.pieces", "count", [pieces], better="lower")
        )
    findings.advance()


async def read_chains() -> list[dict[str, Any]]:
    """The call chains of all operations, from the command that reads them."""
    record = KeptLog("diff")
    async with Processes() as processes:
        command = python("-m compare diff --json")
        await processes.run(record, command, cwd=ROOT, env=os.environ, timeout=START_TIMEOUT)
    chains: list[dict[str, Any]] = json.loads("\n".join(record.lines))
    return chains


def count_code(folder: Path) -> dict[str, int]:
    """Lines of code of an app by kind and by layer, and how many comments suppress a warning."""
    counts = dict.fromkeys(["framework", "contract", "own", *COUNTED, "other", "suppressed"], 0)
    for path in sorted([*folder.glob("*.py"), *(folder / "conduit").rglob("*.py")]):
        place = path.relative_to(folder)
        if "migrations" in place.parts:
            continue
        text = path.read_text("utf-8")
        lines = count_lines_of_code(text)
        counts["suppressed"] += len(SUPPRESSED.findall(text))
        if place.as_posix() in OWN:
            counts["own"] += lines
        elif place.parts[:2] == ("conduit", "contract"):
            counts["contract"] += lines
        else:
            counts["framework"] += lines
            counts[LAYER_OF.get(path.name, "other")] += lines
    return counts


def count_lines_of_code(text: str) -> int:
    """The number of lines without empty lines, comments and docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        # A string that is a whole statement, such as a docstring.
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)
