"""`load reads`, with a stand-in for wrk: what it measures is wrk's own affair."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from compare.cli import main
from compare.measure.load.reads import ask
from compare.run.processes import Processes
from compare.run.terminal import Failed


@pytest.fixture
def wrk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wrk that is the only program on the PATH: a second of its own answers for any address."""
    program = tmp_path / "wrk"
    program.write_text("#!/bin/sh\necho 'Requests/sec:    250.50'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> object:
    monkeypatch.setattr(sys, "argv", ["triptych", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_each_read_beside_the_same_by_hand(
    wrk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both servers give the same answers to all four reads, and each is measured."""
    assert not run(monkeypatch, "load reads --app flask --seconds 1")
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["list", "article", "tags", "comments"]
    assert [row.split()[-4:] for row in rows] == [["250"] * 4, ["250"] * 4, ["1.00"] * 4]


def test_without_wrk(
    wrk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has no wrk is told so at once."""
    wrk.unlink()
    assert run(monkeypatch, "load reads") == 2
    assert "wrk is not on the PATH" in capsys.readouterr().err


def test_wrong_answers(wrk: Path) -> None:
    """Answers that are no success are not measured."""
    wrk.write_text("#!/bin/sh\necho '  Non-2xx or 3xx responses: 3'\n", "utf-8")

    async def wrong() -> None:
        async with Processes(stop_signal=signal.SIGTERM, grace=1) as processes:
            await ask(processes, str(wrk), "http://127.0.0.1/api/tags", 1)

    with pytest.raises(Failed, match="wrong ones, from http://127.0.0.1/api/tags"):
        asyncio.run(wrong())
