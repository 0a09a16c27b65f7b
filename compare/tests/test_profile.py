"""`load profile` and `load clients`, with a fake wrk and a fake py-spy."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compare.cli import main
from compare.measure.bench import servers
from compare.measure.load.clients import numbers_named
from compare.measure.load.profiling import shares
from compare.run import state
from compare.run.terminal import UsageError

STACKS = [
    "run (/lib/uvicorn/server.py:1);inner (/lib/django/core/handlers/base.py:2);"
    "execute (/lib/django/db/models/sql/compiler.py:3);loads (/lib/python/re.py:9) 6",
    "run (/lib/uvicorn/server.py:1);get_tags (/app/conduit/articles/api.py:2) 3",
    "main (/lib/python/runpy.py:1) 1",
]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A py-spy that always writes the same stacks, and a wrk that sends nothing.

    With 32 clients wrk reports 7 refusals, and otherwise none.
    """
    figures = '"requests": 100, "microseconds": 1000000, "p50": 10000, "p99": 50000, "failed": 0'
    lines = "\\n".join(STACKS)
    programs = {
        "wrk": 'refused=0; [ "$2" = -c32 ] && refused=7\n'
        f"""echo '{{{figures}, "status": '$refused'}}'\n""",
        "py-spy": f'for last; do :; done\nprintf "{lines}\\n" > "$last"\n',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    # Not in a folder of pytest, whose permissions another run resets: PostgreSQL runs as
    # another user.
    with TemporaryDirectory(prefix="triptych-") as home:
        monkeypatch.setattr(servers, "FOLDER", Path(home))
        monkeypatch.setattr(state, "HOME", Path(home))
        yield


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> object:
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_shares() -> None:
    """A sample counts for the layer of the innermost frame that belongs to a layer."""
    found = shares(STACKS)
    assert found["queries and models"] == 0.6
    assert found["routing and handler"] == 0.3
    assert found["other"] == 0.1
    assert sum(found.values()) == pytest.approx(1)


def test_profile(
    tools: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The profile has the layers of each read of an app, on the given server."""
    assert not run(monkeypatch, "load profile --app django --server gunicorn --seconds 1 --json")
    [profile] = json.loads(capsys.readouterr().out)
    assert (profile["app"], profile["server"]) == ("django", "gunicorn")
    assert [read["name"] for read in profile["reads"]] == ["list", "article", "comments", "tags"]
    assert all(read["shares"]["queries and models"] == 0.6 for read in profile["reads"])


def test_clients(
    tools: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused requests are counted, and a p99 far above the p50 has a mark."""
    assert not run(monkeypatch, "load clients --app flask --clients 32 --seconds 1")
    [line] = [line for line in capsys.readouterr().out.splitlines() if "tags" in line]
    assert line.split()[1:] == ["32", "100", "10", "ms", "50", "ms", "5.0", "!", "7", "0"]


@pytest.mark.parametrize("text", ["", "a", "0", "1,,2", "9000"])
def test_numbers_that_cannot_be_used(text: str) -> None:
    """Numbers of clients are positive, and within what one machine can do."""
    with pytest.raises(UsageError, match="give numbers from 1"):
        numbers_named(text)
