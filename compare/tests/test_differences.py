"""The requests to the bare frameworks, and how the page of their answers is filled."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from compare.prove.bare.cases import CASES
from compare.prove.bare.exchange import BareAnswer, BareRequest
from compare.prove.differences import FLASK, ask, fill
from compare.run.apps import APPS, BY_NAME, HOST, ROOT, App
from compare.run.pieces import find
from compare.run.terminal import Failed


def test_rules_exist() -> None:
    """The rules that a case names exist."""
    rules = set(
        re.findall(r"\*\*([A-Z]+-\d+)\*\*", (ROOT / "spec" / "rules.md").read_text("utf-8"))
    )
    named = {rule for case in CASES for rule in re.findall(r"[A-Z]+-\d+", case.contract)}
    assert named - rules == set()


def test_pieces_exist() -> None:
    """The code that makes an app keep a rule exists."""
    for case in CASES:
        for name, locator in case.made.items():
            assert find(locator, BY_NAME[name].folder).text


@pytest.mark.parametrize("app", APPS, ids=lambda app: app.name)
def test_sections_exist(app: App) -> None:
    """Each section of the page that a file of the contract refers to exists."""
    page = (ROOT / "docs" / "differences.md").read_text("utf-8")
    headings = re.findall(r"^##+ (.+)$", page, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    files = sorted((app.folder / "conduit" / "contract").glob("*.py"))
    assert files
    for file in files:
        for references in re.findall(r"docs/differences\.md(#[^;]+)", file.read_text("utf-8")):
            named = re.findall(r"#([\w-]+)", references)
            assert set(named) <= anchors, file


@pytest.mark.parametrize(
    ("request_", "wire"),
    [
        (
            BareRequest("POST", "/", (("X-A", "b"),), b"ab", host=None),
            b"POST / HTTP/1.1\r\nX-A: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
        ),
        (
            BareRequest("POST", "/", body=b"ab", host="x", chunked=True),
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"2\r\nab\r\n0\r\n\r\n",
        ),
    ],
    ids=["no host", "in chunks"],
)
def test_request(request_: BareRequest, wire: bytes) -> None:
    """A request is sent as it is given, with only two more headers."""
    with socket.create_server((HOST, 0)) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(request_.send, server.getsockname()[1])
        with server.accept()[0] as connection, connection.makefile("rb") as received:
            assert received.read(len(wire)) == wire
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert answer.result().status == 204


def test_answer() -> None:
    """An answer is shown on one line, shortened, and escaped for a table."""
    answer = BareAnswer(200, {"Content-Type": "application/json"}, '{"a|b":"' + "x" * 60 + '"}\n')
    assert answer.brief() == '200, `{"a\\|b":"' + "x" * 35 + "…`"


def test_other_answers() -> None:
    """A body that is not JSON is only named by its kind."""
    assert (
        BareAnswer(500, {"Content-Type": "text/html; charset=utf-8"}, "<p>").brief() == "500, HTML"
    )
    assert BareAnswer(204, {}, "").brief() == "204, no body"


def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare app that does not answer is named, with the request."""

    def time_out(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("socket.create_connection", time_out)
    with pytest.raises(Failed, match="Flask did not answer GET '/tags': timed out"):
        ask(FLASK, 1, BareRequest("GET", "/tags"))


def test_fill() -> None:
    """A table replaces the one that was there, and nothing else."""
    page = "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n"
    assert fill(page, {"x": "new\n"}) == "a\n<!-- measured: x -->\nnew\n<!-- end -->\nb\n"


def test_fill_without_a_place() -> None:
    """A table that has no place on the page is not lost silently."""
    with pytest.raises(Failed, match="has places for x, not x, y"):
        fill("<!-- measured: x -->\n<!-- end -->\n", {"x": "", "y": ""})
