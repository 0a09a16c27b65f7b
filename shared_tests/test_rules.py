"""The suite itself: each rule has a test, and each test has a rule and a docstring."""

import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from .harness import strictness
from .harness.apps import ROOT
from .harness.asked import summary
from .harness.elsewhere import all_left_out
from .harness.processes import environment
from .harness.rules import SPEC, pinned_rules, read_rules

pytestmark = pytest.mark.cross


def written_tests() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every test of the suite except these, with the name of its file."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path != Path(__file__):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    yield path.name, node


def rules_of(test: ast.FunctionDef) -> list[str]:
    """The ids in the `@rule(…)` of a test."""
    return [
        argument.value
        for call in test.decorator_list
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "rule"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def decorators_of(test: ast.FunctionDef) -> set[str]:
    """The names of the plain decorators of a test."""
    return {name.id for name in test.decorator_list if isinstance(name, ast.Name)}


def test_every_rule_has_a_test() -> None:
    """Every rule has a test."""
    tested = {id_ for _, test in written_tests() for id_ in rules_of(test)}
    assert [id_ for id_ in read_rules() if id_ not in tested] == []


def test_every_core_rule_has_a_test_of_the_core() -> None:
    """Every core rule has a test that names no pinned rule, so that `--rules core` runs it."""
    asked = {
        id_
        for _, test in written_tests()
        if not set(rules_of(test)) & pinned_rules() and "pinned" not in decorators_of(test)
        for id_ in rules_of(test)
    }
    assert [id_ for id_ in read_rules() if id_ not in asked | pinned_rules()] == []


def test_every_test_names_a_rule_that_exists() -> None:
    """Every test names at least one rule, and all rules that it names exist."""
    known = set(read_rules())
    stray = [
        f"{file}: {test.name}"
        for file, test in written_tests()
        if not rules_of(test) or not set(rules_of(test)) <= known
    ]
    assert stray == []


def test_every_test_has_a_docstring() -> None:
    """Every test has a docstring."""
    silent = [
        f"{file}: {test.name}" for file, test in written_tests() if not ast.get_docstring(test)
    ]
    assert silent == []


def test_what_is_left_out_elsewhere_exists() -> None:
    """The tests that are left out on other servers exist."""
    assert all_left_out() != set()
    assert all_left_out() <= {test.name for _, test in written_tests()}


def test_every_rule_is_one_line() -> None:
    """Every list item in the rules has the format of a rule, so none is lost."""
    lines = (SPEC / "rules.md").read_text(encoding="utf-8").splitlines()
    items = [line for line in lines if line.startswith("- ")]
    assert len(items) == len(read_rules())
    assert all(item.endswith(".") for item in items)
    assert not [id_ for id_, sentence in read_rules().items() if sentence.startswith("*")]


class Stranger(BaseHTTPRequestHandler):
    """A server that is none of the apps, with only the responses that the tests below need."""

    protocol_version = "HTTP/1.1"
    health = b'{"status":"ok"}'
    headers_of_all: ClassVar = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Request-ID": "stranger",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Vary": "Origin",
    }

    def do_GET(self) -> None:
        """Return a healthy response."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.health)))
        for name, value in self.headers_of_all.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.health)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def run_against(stranger: type[Stranger], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of two files that need no process, against a server of this kind."""
    with ThreadingHTTPServer(("127.0.0.1", 0), stranger) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            return subprocess.run(
                [
                    sys.executable, "-m", "pytest", "-q", "-m", "not process and not cross",
                    "--base-url", f"http://127.0.0.1:{server.server_port}",
                    "shared_tests/test_health.py", "shared_tests/test_shutdown.py", *options,
                ],
                cwd=ROOT, env=environment({}), capture_output=True, text=True, timeout=60,
            )  # fmt: skip
        finally:
            server.shutdown()


def test_a_server_that_is_running() -> None:
    """With `--base-url`, the tests that need no process run against any server."""
    run = run_against(Stranger)
    assert run.returncode == 0, run.stdout
    assert "1 passed, 3 deselected" in run.stdout


def test_the_report_of_a_failure() -> None:
    """A failure shows the rule's sentence, the request as a curl line, and the whole response."""

    class Unhealthy(Stranger):
        """A different body of the same length."""

        health = b'{"status":"OK"}'

    run = run_against(Unhealthy)
    assert run.returncode == 1, run.stdout
    assert f"HEALTH-1: {read_rules()['HEALTH-1']}" in run.stdout
    assert "$ curl -i --path-as-is http://127.0.0.1:" in run.stdout
    assert '{"status":"OK"}' in run.stdout


def test_a_server_of_somebody_else() -> None:
    """With `--rules core`, a server does not need the headers and bytes that are pinned."""

    class Other(Stranger):
        """Headers and JSON as a framework returns them without configuration."""

        health = b'{"status": "ok"}'
        headers_of_all: ClassVar = {"Content-Type": "application/json"}

    assert run_against(Other).returncode == 1
    run = run_against(Other, "--rules", "core")
    assert run.returncode == 0, run.stdout
    assert "1 passed, 3 deselected" in run.stdout
    assert "broken" in run.stdout


@pytest.mark.parametrize(
    ("status", "body", "expected", "enough"),
    [
        (200, b'{"b": "\\u00e9", "a": 1}', '{"a":1,"b":"é"}', {"core"}),
        (200, b'{"a": "\\u00e9"}', '{"a":"é"}', {"core", "pinned"}),
        (200, b'{"a": 2}', '{"a":1}', set()),
        (422, b'{"errors":{"a":["Field required"]}}', '{"errors":{"a":["blank"]}}', {"core"}),
        (422, b'{"errors":{"b":["blank"]}}', '{"errors":{"a":["blank"]}}', set()),
        (404, b"<h1>Not Found</h1>", '{"errors":{"route":["not found"]}}', {"core"}),
        (404, b"<h1>Not Found</h1>", '{"errors":{"article":["not found"]}}', set()),
        (413, b"too large", '{"errors":{"body":["is too large"]}}', {"core"}),
        (401, b'{"errors":{"token":["no"]}}', '{"errors":{"token":["is missing"]}}', set()),
    ],
)
def test_where_bytes_are_compared(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, expected: str, enough: set[str]
) -> None:
    """Bytes and error messages are compared only where the rules require it."""
    monkeypatch.setattr(strictness, "_names_bytes", False)
    found = set()
    for asked in ("all", "core", "pinned"):
        monkeypatch.setattr(strictness, "_selected", asked)
        if strictness.Body(body, status) == expected.encode():
            found.add(asked)
    assert found == enough


def test_the_count_of_rules() -> None:
    """The end of a run counts the rules, core first: a rule is kept if all its tests pass."""

    def report(*rules: str) -> SimpleNamespace:
        return SimpleNamespace(user_properties=[("rules", " ".join(rules))])

    core = next(id_ for id_ in read_rules() if id_ not in pinned_rules())
    one, two, *_ = sorted(pinned_rules())
    lines = summary({"passed": [report(core, one), report(two)], "failed": [report(two)]})
    asked_for = len(read_rules()) - len(pinned_rules())
    assert [line.split() for line in lines] == [
        ["rules", "kept", "broken", "not", "asked"],
        ["core", "1", "0", str(asked_for - 1)],
        ["pinned", "1", "1", str(len(pinned_rules()) - 2)],
        ["broken:", two],
    ]
