"""Stories played to small servers, one of which sometimes answers differently."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from compare.prove.parity.engine.connection import Connection
from compare.prove.parity.engine.player import Player, Stopped
from compare.prove.parity.engine.report import curl_lines
from compare.prove.parity.engine.shrink import shrink
from compare.prove.parity.engine.stories import Step, Story
from compare.prove.parity.masks import Masks
from compare.run.apps import APPS, FLASK


class Counter(ThreadingHTTPServer):
    """POST adds one, GET returns the count, DELETE subtracts one, but not on a broken server."""

    daemon_threads = True

    def __init__(self, *, broken: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.broken = broken
        self.count = 0
        self.bodies: list[bytes] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counter

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/failure":
            self.answer(500, {})
        elif self.path == "/nothing":
            self.close_connection = True
        else:
            self.answer(200, {"path": self.path, "count": self.server.count})

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.count += 1
        self.answer(201, {"count": {"id": self.server.count}})

    def do_DELETE(self) -> None:
        self.server.count -= 0 if self.server.broken else 1
        self.answer(200, {})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[list[Counter]]:
    """One server for each app; the second is broken."""
    servers = [Counter(broken=app is FLASK) for app in APPS]
    threads = [Thread(target=server.serve_forever, args=[0.01]) for server in servers]
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def stop() -> Event:
    return Event()


@pytest.fixture
def player(servers: list[Counter], stop: Event) -> Iterator[Player]:
    def empty() -> None:
        for server in servers:
            server.count = 0

    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(Connection(app, server.server_port)))
            for app, server in zip(APPS, servers, strict=True)
        ]
        yield Player(connections, empty, Masks, stop)


def post(name: str) -> Step:
    return Step(name, "POST", "/", (("X", "y"),), '{"a": 1}')


NOISE = [Step(str(number), "GET", "/noise") for number in range(10, 30)]
STORY = Story(
    (
        *NOISE,
        post("1"),
        post("2"),
        Step("3", "DELETE", "/"),
        *NOISE,
        Step("4", "GET", "/x"),
        post("5"),
    )
)


def test_equal_answers(player: Player) -> None:
    """Without the broken operation there is no difference, however often the story is played."""
    story = Story((post("1"), Step("2", "GET", "/x")))
    assert player.play(story) is None
    assert player.play(story) is None


def test_difference(player: Player) -> None:
    """The first step with different answers ends the story."""
    found = player.play(STORY)
    assert found is not None
    assert found.story.steps[-1].target == "/noise"
    assert found.sides == (0, 1, 0)
    assert [json.loads(each.response.content)["count"] for each in found.answers] == [1, 2, 1]


def test_shrunk_difference(player: Player) -> None:
    """A long story is shortened, and still shows the difference."""
    found = player.play(STORY)
    assert found is not None
    story = shrink(found.story, lambda story: player.play(story) is not None)
    assert [step.method for step in story.steps] == ["DELETE", "GET"]
    assert player.play(story) is not None


def test_references(player: Player) -> None:
    """References are filled with the app's own answers."""
    story = Story(
        (post("1"), post("2"), Step("3", "GET", "/⟦2.count.id⟧"), Step("4", "DELETE", "/"))
    )
    seen: list[bytes] = []
    assert player.play(story, lambda _, answers: seen.append(answers[0].body)) is None
    assert seen[2] == b'{"path": "/2", "count": 2}'


def test_one_app_is_asked(player: Player, servers: list[Counter]) -> None:
    """A step can be sent to only one app."""
    story = Story((Step("1", "POST", "/", body="", app="flask"),), "one database")
    assert player.play(story) is None
    assert [server.count for server in servers] == [0, 1, 0]


def test_bytes_that_are_not_utf8(player: Player, servers: list[Counter]) -> None:
    """Bytes of a body that are not text are sent unchanged."""
    player.play(Story((Step("1", "POST", "/", body="\udcff한"),)))
    assert [server.bodies for server in servers] == [[b"\xff\xed\x95\x9c"]] * 3


@pytest.mark.parametrize("path", ["/failure", "/nothing"])
def test_failure_of_all(player: Player, path: str) -> None:
    """A 500 or no answer is an error, even if all apps agree."""
    found = player.play(Story((Step("1", "GET", path),)))
    assert found is not None
    assert found.sides == (0, 0, 0)


def test_connections_are_kept(player: Player, servers: list[Counter]) -> None:
    """After a response that ended the connection, the next request works."""
    close = Step("1", "GET", "/x", (("Connection", "close"),))
    assert player.play(Story((close, Step("2", "GET", "/x"), close, close))) is None


def test_stop(player: Player, stop: Event) -> None:
    """A player that is stopped sends no further step."""
    stop.set()
    with pytest.raises(Stopped):
        player.play(STORY)


def test_curl(player: Player) -> None:
    """The curl commands reproduce a difference."""
    steps = (
        Step("1", "POST", "/api/users", (("Content-Type", "x"),), '{"it\'s": "한"}'),
        Step("4", "GET", "http://x/y"),
        Step("2", "DELETE", "/", (("Authorization", "Token ⟦1.user.token⟧"), ("X", "")), "\udcff"),
        Step("3", "GET", "/x/../y?a[]=$1"),
    )
    found = player.play(Story(steps))
    assert found is not None
    assert curl_lines(found, ".user.token") == [
        "TOKEN_1=$(curl -s -X POST \"$APP/api/users\" -H 'Content-Type: x'"
        """ --data-binary '{"it'"'"'s": "한"}' | jq -r .user.token)""",
        'curl -i --request-target http://x/y "$APP"',
        'curl -i -X DELETE "$APP/" -H "Authorization: Token $TOKEN_1" -H \'X;\''
        " --data-binary $'\\xff'",
        'curl -i --path-as-is -g "$APP/x/../y?a[]=\\$1"',
    ]
