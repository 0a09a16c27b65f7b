"""`bench` with a fake wrk, because these tests do not check wrk's measurements."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import jsonschema
import psutil
import pytest

from compare.cli import main
from compare.measure.bench import footprint, servers
from compare.measure.bench.footprint import count_code, count_lines_of_code
from compare.measure.bench.plan import GROUPS, interleaved
from compare.measure.bench.servers import RunningServer
from compare.measure.bench.show import changes
from compare.measure.bench.statements import statements_in
from compare.measure.bench.verify import READS, examine
from compare.measure.bench.wrk import send
from compare.run import state
from compare.run.apps import FLASK, HOST, ROOT, App
from compare.run.record import SCHEMA, Run, Subject, figure, load_run, save
from compare.run.terminal import Failed


def burst(requests: int = 500, *, failed: int = 0, status: int = 0) -> str:
    """What wrk prints at the end of two seconds."""
    figures = {"requests": requests, "microseconds": 2_000_000, "p50": 4000, "p99": 9000}
    return json.dumps(figures | {"failed": failed, "status": status})


@pytest.fixture
def wrk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake wrk that writes its arguments to a file, and prints the same figures for any URL."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "wrk"
    asked = tmp_path / "asked"
    program.write_text(f"#!/bin/sh\necho \"$@\" >> {asked}\necho '{burst()}'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return program


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for databases and logs that only the test uses.

    Not in a folder of pytest: another run of pytest resets the permissions of these folders, and
    PostgreSQL runs as another user.
    """
    with TemporaryDirectory(prefix="triptych-") as folder:
        monkeypatch.setattr(servers, "FOLDER", Path(folder))
        monkeypatch.setattr(state, "HOME", Path(folder))
        yield Path(folder)


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> object:
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def make_run(**figures: list[float]) -> Run:
    """A run with one figure of Flask for each name: requests a second."""
    subject = Subject("flask", "Flask", "app", "flask", "gunicorn")
    return Run(
        command="./triptych bench",
        started_at="2026-11-27T08:00:00Z",
        seconds=1.0,
        quick=True,
        commit={"id": None, "changed": False},
        machine={
            "processors": 2,
            "processor": "a processor",
            "memory_bytes": 2**33,
            "system": "Linux",
            "load_before": 0.1,
        },
        versions={"python": "3.12.0"},
        rules={"processes": 1},
        subjects=[subject],
        figures=[
            figure(subject, f"reads.{name}.requests_per_second", "1/s", values, better="higher")
            for name, values in figures.items()
        ],
        missing=[],
    )


def test_reads_and_writes(
    wrk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Apps, *bare* and *floor* are verified and measured in turns; the file matches its schema."""
    file = tmp_path / "run.json"
    command = f"bench --quick --app flask --app fastapi --only reads --only writes --output {file}"
    assert not run(monkeypatch, command)
    data = json.loads(file.read_text("utf-8"))
    jsonschema.validate(data, json.loads(SCHEMA.read_text("utf-8")))
    measured = load_run(file)
    for subject in ("flask", "flask-bare", "fastapi", "fastapi-bare"):
        for name in READS:
            found = measured.find(f"reads.{name}.requests_per_second.postgresql.32", subject)
            assert found and found.values == [250, 250]
    ratio = measured.find("reads.tags.of_floor.postgresql.32", "flask")
    assert ratio and ratio.values == [1, 1]
    statements = {
        name: measured.find(f"{name}.statements.postgresql", "flask")
        for name in ("reads.list", "writes.comment")
    }
    assert statements["reads.list"] and statements["reads.list"].values == [1]
    assert statements["writes.comment"] and statements["writes.comment"].values[0] > 4
    assert measured.find("writes.favorite.p99.postgresql.16", "fastapi")
    assert {each.group for each in measured.missing} == set(GROUPS) - {"reads", "writes"}
    asked = (tmp_path / "asked").read_text("utf-8")
    ports = re.findall(r":(\d+)/api/articles/[\w-]+/comments ", asked)
    assert len(set(ports)) == 4 and ports == ports[:4] * 2
    printed = capsys.readouterr().out
    assert "Reads, PostgreSQL, 32 clients" in printed and "bare: list requests" in printed


def test_another_answer_is_not_timed(
    wrk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An app that answers with other bytes is refused, before anything is timed or written."""
    copy = tmp_path / "flask_app"
    shutil.copytree(FLASK.folder, copy, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*"))
    schemas = copy / "conduit" / "articles" / "queries.py"
    text = schemas.read_text("utf-8")
    changed = text.replace("func.count().desc(), Tag.id", "func.count(), Tag.id")
    assert changed != text
    schemas.write_text(changed, "utf-8")
    folder = App.folder
    monkeypatch.setattr(
        App,
        "folder",
        property(lambda app: copy if app.name == "flask" else folder.fget(app)),  # type: ignore[attr-defined]
    )
    file = tmp_path / "run.json"
    command = f"bench --quick --app flask --only reads --output {file}"
    assert run(monkeypatch, command) == 1
    message = " ".join(capsys.readouterr().err.split())
    assert "answer GET /api/tags with another body: what differs is not timed" in message
    assert not file.exists()
    # wrk was only asked for its version.
    assert (tmp_path / "asked").read_text("utf-8") == "-v\n"


def test_without_wrk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures that need wrk are missing, with how to install it; the others are measured."""
    monkeypatch.setenv("PATH", "/nowhere")
    file = tmp_path / "run.json"
    assert not run(monkeypatch, f"bench --only reads --only code --output {file}")
    measured = load_run(file)
    assert {each.group for each in measured.figures} == {"code"}
    longest = measured.find("code.longest_chain.pieces", "django")
    assert longest and longest.median > 50
    [missing] = [each for each in measured.missing if each.group == "reads"]
    assert "install" in missing.reason
    assert (
        "missing: reads: wrk, which sends the requests, is not on the PATH"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--only read", "there is no group 'read'"),
        ("--output /nowhere/run.json", "there is no folder /nowhere"),
        ("--only code --output /proc/run.json", "/proc cannot be written"),
        ("--only code --output /dev", "/dev is a folder"),
        ("--against /nowhere/run.json", "/nowhere/run.json cannot be read"),
        ("--url mine", "give NAME=http://host:port"),
        ("--url flask=http://127.0.0.1:1", "a name of its own"),
        ("--url mine=http://127.0.0.1:1 --only code", "--url is for the reads"),
    ],
)
def test_wrong_usage(
    options: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong options are refused immediately, with what to do."""
    assert run(monkeypatch, f"bench {options}") == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_another_command_that_runs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that another running command blocks is missing; the other groups are measured."""
    file = tmp_path / "run.json"
    with state.only_one("lab"):
        command = f"bench --app flask --only code --only concurrency --output {file}"
        assert run(monkeypatch, command) == 1
    found = load_run(file)
    assert {each.group for each in found.figures} == {"code"}
    [missing] = [each for each in found.missing if "left out" not in each.reason]
    assert missing.group == "concurrency"
    assert "another ./triptych lab is running" in missing.reason


def test_file_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the file cannot be written in the end, the run is still printed."""
    (tmp_path / "run.json-draft").mkdir()
    assert run(monkeypatch, f"bench --only code --output {tmp_path}/run.json") == 1
    printed = capsys.readouterr()
    assert "run.json-draft cannot be used" in " ".join(printed.err.split())
    assert "Flask" in printed.out


@pytest.fixture
def hanging_wrk(wrk: Path) -> None:
    wrk.write_text("#!/bin/sh\nexec sleep 600\n", "utf-8")


def test_wrk_that_hangs(
    hanging_wrk: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrk that does not end is named, and not reported as a run that took too long."""
    monkeypatch.setattr("compare.measure.bench.wrk.TIMEOUT", 0.2)
    assert run(monkeypatch, "bench --only reads") == 1
    assert capsys.readouterr().err == "triptych: wrk did not end within 0.2 seconds\n"


def test_time_limit(
    hanging_wrk: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that takes too long is ended, and is distinguished from a timeout inside it."""
    monkeypatch.setattr("compare.measure.bench.command.TIME_LIMIT", 0.2)
    assert run(monkeypatch, "bench --only reads") == 1
    assert "the run took longer than" in capsys.readouterr().err

    def time_out() -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("compare.measure.bench.command.find_wrk", time_out)
    assert run(monkeypatch, "bench --only reads") == 1
    assert capsys.readouterr().err == "triptych: TimeoutError: timed out\n"


@pytest.mark.parametrize(
    "text", ["no json", "{}", '{"version": 2}'], ids=["no json", "nothing", "another version"]
)
def test_file_of_something_else(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not a run is refused before anything is measured."""
    (tmp_path / "other.json").write_text(text, "utf-8")
    assert run(monkeypatch, f"bench --against {tmp_path / 'other.json'}") == 2
    assert "bench --output has written" in " ".join(capsys.readouterr().err.split())


def test_file_and_back(tmp_path: Path) -> None:
    """A run is the same after it was saved and loaded."""
    before = make_run(list=[100, 110, 105.55])
    save(before, tmp_path / "run.json")
    assert load_run(tmp_path / "run.json").data() == before.data()


@pytest.mark.parametrize(
    ("before", "after", "beyond", "better"),
    [
        ([100, 110], [105, 120], False, True),
        ([100, 110], [111, 120], True, True),
        ([111, 120], [100, 110], True, False),
        ([100], [100], False, False),
    ],
)
def test_change(before: list[float], after: list[float], beyond: bool, better: bool) -> None:
    """A change is beyond the noise if the rounds do not overlap."""
    [change] = changes(make_run(list=before), make_run(list=after))
    assert (change.is_beyond_noise, change.is_better) == (beyond, better)
    assert change.least <= change.ratio <= change.most


def test_figures_of_one_run_alone() -> None:
    """What only one of the two runs has is not compared."""
    found = list(changes(make_run(list=[1], tags=[1]), make_run(list=[1], article=[1])))
    assert [change.after.name for change in found] == ["list"]


def test_rounds_take_turns() -> None:
    """The order is A B C, A B C; a thing that fails is left out from then on."""
    asked = []

    async def measure(thing: str) -> int:
        asked.append(thing)
        if thing == "b":
            raise Failed("no answer")
        return len(asked)

    first, failed, last = asyncio.run(interleaved(["a", "b", "c"], 2, measure))
    assert asked == ["a", "b", "c", "a", "c"]
    assert (first, last) == ([1, 4], [3, 5])
    assert isinstance(failed, Failed)


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        (burst(status=3), "3 had"),
        (burst(failed=2), "and 2"),
        (burst(0), "of 0 requests"),
        ("unable to connect", "did not measure"),
    ],
)
def test_wrong_answers(wrk: Path, printed: str, message: str) -> None:
    """Responses that are not successful are not measured."""
    wrk.write_text(f"#!/bin/sh\necho '{printed}'\n", "utf-8")
    with pytest.raises(Failed, match=message):
        asyncio.run(send(str(wrk), "http://127.0.0.1/api/tags", clients=1, seconds=1))


def test_lines_of_code() -> None:
    """Empty lines, comments and docstrings are not counted as code."""
    text = (
        '"""A module."""\n\nX = (\n    1,  # one\n)\n# alone\n\ndef f():\n    """It\n    is."""\n'
    )
    assert count_lines_of_code(text) == 4


def test_code_of_an_app(tmp_path: Path) -> None:
    """Each file belongs to the framework, the contract or the product, and to a layer."""
    for path, text in {
        "conduit/articles/api.py": "a = 1  # noqa: E501\n",
        "conduit/articles/services.py": "a = 1\nb = 2\n",
        "conduit/articles/migrations/api.py": "a = 1\n",
        "conduit/contract/bodies.py": "a = 1\n",
        "conduit/demo.py": "a = 1\n",
        "conduit/main.py": "a: int = b  # type: ignore[name-defined]\n",
        "tests/test_app.py": "a = 1\n",
        "worker.py": "a = 1\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    counts = count_code(tmp_path)
    assert (counts["framework"], counts["contract"], counts["own"]) == (5, 1, 1)
    assert (counts["handlers"], counts["services"], counts["other"]) == (1, 2, 2)
    assert counts["suppressed"] == 2


def test_weight(tmp_path: Path) -> None:
    """All distributions are counted, those with compiled files, and the bytes of all."""
    for name, file in (("plain", "plain.py"), ("fast", "fast.cpython-312-x86_64-linux-gnu.so")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n", "utf-8")
        (info / "RECORD").write_text(f"{file},,\n__pycache__/{name}.pyc,,\n", "utf-8")
        (tmp_path / file).write_text("12345", "utf-8")
    assert footprint.weigh(tmp_path) == {"packages": 2, "compiled": 1, "size": 10}


class Conduit(BaseHTTPRequestHandler):
    """Another backend with one article."""

    favorites = 1
    has_comments = True

    def do_GET(self) -> None:
        author = {"username": "ada", "bio": None, "image": None, "following": False}
        article = {
            "slug": "one",
            "title": "One",
            "description": "d",
            "tagList": ["a"],
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "favorited": False,
            "favoritesCount": 1,
            "author": author,
        }
        comment = {
            "id": 1,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "body": "b",
            "author": author,
        }
        bodies = {
            "/api/articles": {"articles": [article], "articlesCount": 1},
            "/api/articles/one": {
                "article": article | {"body": "b", "favoritesCount": self.favorites}
            },
            "/api/articles/one/comments": {"comments": [comment] * self.has_comments},
            "/api/tags": {"tags": ["a"]},
        }
        content = json.dumps(bodies[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_backend() -> Iterator[str]:
    """The address of a backend that is not one of the apps."""
    with ThreadingHTTPServer((HOST, 0), Conduit) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_another_backend(other_backend: str) -> None:
    """A backend with the right statuses and values is accepted, with one of its articles."""
    server = RunningServer(Subject("other", "other", "url"), other_backend)
    found = asyncio.run(examine(server))
    assert (found.slug, found.articles) == ("one", 1)


def test_another_backend_with_other_values(
    other_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend whose article has other values in the list and on its own is not timed."""
    monkeypatch.setattr(Conduit, "favorites", 2)
    server = RunningServer(Subject("other", "other", "url"), other_backend)
    with pytest.raises(Failed, match="the list has another favoritesCount for the article"):
        asyncio.run(examine(server))


def test_another_backend_without_comments(
    other_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend whose articles have no comments is not timed: an empty list is less work."""
    monkeypatch.setattr(Conduit, "has_comments", False)
    server = RunningServer(Subject("other", "other", "url"), other_backend)
    with pytest.raises(Failed, match="none of the articles has comments"):
        asyncio.run(examine(server))


def test_interrupt(wrk: Path, home: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the servers, writes nothing, and is exit code 130."""
    file = tmp_path / "run.json"
    command = ["bench", "--quick", "--app", "flask", "--only", "start", "--output", str(file)]
    process = subprocess.Popen(
        [sys.executable, "-m", "compare", *command],
        cwd=ROOT,
        env=os.environ | {"TRIPTYCH_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children: list[psutil.Process] = []
    end = time.monotonic() + 60
    while not (home / "bench" / "flask.log").exists() and time.monotonic() < end:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "nothing is left running" in message
    assert children
    assert not any(child.is_running() for child in children)
    assert not file.exists()


LOG = """\
flask LOG:  execute <unnamed>: SELECT a
\tFROM b WHERE c = $1::VARCHAR AND d IS $2
flask DETAIL:  Parameters: $1 = 'it''s', $2 = NULL
other LOG:  statement: SELECT 1
flask LOG:  statement: COMMIT
 LOG:  received SIGHUP, reloading configuration files
"""


def test_statements_of_the_log() -> None:
    """The statements of one database are complete and contain their values."""
    assert statements_in(LOG, "flask") == [
        "SELECT a FROM b WHERE c = 'it''s'::VARCHAR AND d IS NULL",
        "COMMIT",
    ]
