"""`load growth`, with a fake wrk."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compare.cli import main
from compare.measure.bench import servers
from compare.measure.load.growth import GrownRead, goal, sizes_named
from compare.run import state
from compare.run.terminal import UsageError


@pytest.fixture
def wrk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A wrk whose answers take longer each time that it is called."""
    calls = tmp_path / "calls"
    calls.write_text("", "utf-8")
    program = tmp_path / "wrk"
    program.write_text(
        f"#!/bin/sh\necho call >> {calls}\np50=$(wc -l < {calls})\n"
        'echo "{\\"requests\\": 1, \\"microseconds\\": 1, \\"p50\\": ${p50}000,'
        ' \\"p99\\": 1, \\"failed\\": 0, \\"status\\": 0}"\n',
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    # Not in a folder of pytest: another run of pytest resets the permissions of these folders,
    # and PostgreSQL runs as another user.
    with TemporaryDirectory(prefix="triptych-") as home:
        monkeypatch.setattr(servers, "FOLDER", Path(home))
        monkeypatch.setattr(state, "HOME", Path(home))
        yield


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> object:
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_each_read_at_each_size(
    wrk: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All reads find their articles, and slower reads have the plans of their statements."""
    assert not run(monkeypatch, "load growth --app flask --sizes 1000,1500 --seconds 1 --json")
    [report] = json.loads(capsys.readouterr().out)
    reads = {read["name"]: read for read in report["reads"]}
    assert set(report["filled"]) == {"1000", "1500"}
    assert set(reads["tags"]["p50"]) == {"1000", "1500"}
    for name in ("busy tag", "rare tag", "busy author", "author of a few", "busy favorites"):
        # The page has 20 rows at each size, or it would be another read.
        assert "rows=20.00" in reads[name]["plans"][-1], name
    for name in ("feed of 1", "feed of 1000"):
        assert "rows=20.00" in reads[name]["plans"][-1], name


@pytest.mark.parametrize("text", ["", "a", "1000,1000", "2000,1000", "999", "9000000000"])
def test_sizes_that_cannot_be_used(text: str) -> None:
    """Sizes are numbers in ascending order, within what can be filled."""
    with pytest.raises(UsageError, match="give numbers from 1000"):
        sizes_named(text)


def test_goal() -> None:
    """Up to a hundred thousand articles a read may take 1.5 times as long, then twice."""
    read = GrownRead("tags", {}, {1000: 2.0, 100_000: 3.0, 1_000_000: 4.2})
    assert read.ratio(100_000) <= goal(100_000) == 1.5
    assert read.ratio(1_000_000) > goal(1_000_000) == 2
