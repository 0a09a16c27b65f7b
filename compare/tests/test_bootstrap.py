"""How `.venv` is created; the commands that need the network are not run."""

import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from compare.run.apps import ROOT


@pytest.fixture
def bootstrap(tmp_path: Path) -> Any:
    """The module, in a project that has only pins."""
    (tmp_path / "compare").mkdir()
    (tmp_path / "constraints.txt").write_text("uv==1\n")
    path = shutil.copy(ROOT / "compare" / "bootstrap.py", tmp_path / "compare")
    spec = spec_from_file_location("bootstrap", path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stamp(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp is written after all commands, and an environment with it is not created again."""
    commands: list[Any] = []

    def run(*command: Any) -> None:
        assert not bootstrap.STAMP.exists()
        bootstrap.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.PYTHON.touch()
        commands.append(command)

    monkeypatch.setattr(bootstrap, "run", run)
    bootstrap.main()
    assert [command[1:4] for command in commands] == [
        ("-m", "venv", "--clear"),
        ("-m", "pip", "install"),
        ("-m", "uv", "pip"),
    ]
    assert bootstrap.is_ready()
    bootstrap.main()
    assert len(commands) == 3
    bootstrap.CONSTRAINTS.write_text("uv==2\n")
    assert not bootstrap.is_ready()


def test_failure(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that fails leaves no stamp."""
    monkeypatch.setattr(bootstrap.sys, "executable", "false")
    with pytest.raises(subprocess.CalledProcessError):
        bootstrap.main()
    assert not bootstrap.is_ready()
