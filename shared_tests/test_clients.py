"""The documents work with other tools: linters and client generators."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import rule, unique
from .harness.apps import APPS, ROOT
from .harness.databases import Databases
from .harness.live import read_description
from .harness.servers import Launcher, Server

pytestmark = [pytest.mark.cross, pytest.mark.clients]

SPEC = ROOT / "spec" / "openapi.yaml"
HERE = Path(__file__).parent / "clients"
# The generator needs other versions than the tools here, so it has its own Python.
PYTHON = Path("python", "bin", "python")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, and return its output."""
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    # The generator calls ruff, which is in the same folder as its Python.
    path = f"{cwd / PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | quiet | {"PATH": path},
        capture_output=True,
        timeout=600,
        check=False,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def tools_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm tools, and a Python with the PyPI tools."""
    folder = tmp_path_factory.mktemp("tools_folder")
    for file in HERE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("there is no npm: install Node.js 20 or newer, which brings it")
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent")
    run(npm, "install", *options, cwd=folder)
    run(sys.executable, "-m", "venv", "python", cwd=folder)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(folder / PYTHON, *pip, "--requirement", "requirements.txt", cwd=folder)
    return folder


@pytest.fixture(scope="module", params=list(APPS))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Each app in turn."""
    app = APPS[request.param]
    folder = tmp_path_factory.mktemp(app.name)
    launcher = Launcher(app, app.default_server, Databases(folder, None), folder, folder)
    server = launcher.start()
    yield server
    server.stop()


@rule("DOCS-9")
def test_redocly(tools_folder: Path) -> None:
    """Redocly's recommended rules find no problems."""
    redocly = tools_folder / "node_modules" / ".bin" / "redocly"
    printed = run(
        redocly, "lint", SPEC, "--extends", "recommended", "--format", "json", cwd=tools_folder
    )
    found = json.loads(printed)["problems"]
    assert [(problem["ruleId"], problem["message"]) for problem in found] == []


@rule("DOCS-9")
def test_spectral(tools_folder: Path) -> None:
    """Spectral's rules for OpenAPI find no problems."""
    (tools_folder / "rules.yaml").write_text('extends: ["spectral:oas"]\n', "utf-8")
    spectral = tools_folder / "node_modules" / ".bin" / "spectral"
    options = ("--ruleset", "rules.yaml", "--format", "json", "--fail-severity", "hint", "--quiet")
    assert json.loads(run(spectral, "lint", *options, SPEC, cwd=tools_folder) or "[]") == []


@rule("DOCS-9")
def test_names_of_messages() -> None:
    """Every object and every alternative in a message schema has its own title."""
    titles: list[str] = []

    def collect(schema: object, path: str) -> None:
        if isinstance(schema, list):
            for number, each in enumerate(schema):
                collect(each, f"{path}/{number}")
        if not isinstance(schema, dict):
            return
        if schema.get("type") == "object" or "enum" in schema or "/oneOf/" in path[-8:]:
            assert "title" in schema, path
            titles.append(schema["title"])
        for key, each in schema.items():
            if key not in {"examples", "properties"}:
                collect(each, f"{path}/{key}")
        for key, each in schema.get("properties", {}).items():
            collect(each, f"{path}/{key}")

    components = read_description()["components"]
    for name, message in components["messages"].items():
        assert message["name"] == message["payload"]["title"]
        collect(message["payload"], f"/{name}")
    collect(components["schemas"], "")
    assert len(titles) == len(set(titles)) > 15


@pytest.fixture(scope="module")
def typescript(tools_folder: Path) -> Path:
    """A compiled program that uses the types from openapi-typescript."""
    commands = tools_folder / "node_modules" / ".bin"
    run(commands / "openapi-typescript", SPEC, "--output", "api.d.ts", cwd=tools_folder)
    strict = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")
    run(commands / "tsc", *strict, "--outDir", "made", "call.ts", cwd=tools_folder)
    return tools_folder / "made" / "call.js"


@pytest.fixture(scope="module")
def python(tools_folder: Path) -> Path:
    """A program that uses the client from openapi-python-client, and passes the type checker."""
    run(
        *(tools_folder / PYTHON, "-m", "openapi_python_client", "generate", "--path", SPEC),
        *("--meta", "none", "--output-path", "conduit_client", "--fail-on-warning"),
        cwd=tools_folder,
    )
    # The generator's own code does not pass strict checks, and we do not control it.
    strict = ("--strict", "--follow-imports", "silent")
    run(tools_folder / PYTHON, "-m", "mypy", *strict, "call.py", cwd=tools_folder)
    return tools_folder / "call.py"


# Generated from `spec/openapi.yaml`, which equals the document of each app (DOCS-1).


@rule("DOCS-10")
def test_typescript(typescript: Path, server: Server) -> None:
    """A client from openapi-typescript works with each app."""
    name = unique("typescript")
    printed = run("node", typescript, server.url, name, cwd=typescript.parent)
    assert json.loads(printed) == {"count": 0, "name": name, "messages": ["not found"]}


@rule("DOCS-10")
def test_python(tools_folder: Path, python: Path, server: Server) -> None:
    """A client from openapi-python-client works with each app."""
    name = unique("python")
    printed = run(tools_folder / PYTHON, python, server.url, name, cwd=tools_folder)
    assert json.loads(printed) == {"count": 0, "name": name, "messages": ["not found"]}
