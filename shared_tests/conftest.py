"""The target of a test run, and the content of a failure report."""

import random
import signal
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from .harness import Client, Person, exchanges, register, strictness, write_article
from .harness.apps import APPS, App
from .harness.asked import kind_of, note_rules, rules_of, summary
from .harness.databases import Databases
from .harness.elsewhere import left_out
from .harness.postgres import Postgres
from .harness.rules import read_rules
from .harness.scheduling import Scheduling, turn_of
from .harness.servers import Launcher, Server, running, stop_all
from .harness.usual import Cors

# A test that uses one of these needs a server that the suite has started.
STARTING = {"launcher", "server", "restricted", "production"}

MARKERS = (
    "rule(*ids): the rules of spec/rules.md that the test proves",
    "process: starts its own processes, so it cannot run against a given server",
    "cross: concerns all three apps at once, or none; run once, without --app",
    "browser: drives the system's Chromium, which is slow: one database is enough",
    "pinned: proves more than the core of the rules that it names",
    "live: opens sockets",
    "clients: needs npm and the generators of clients",
    "on_postgres: makes sense on PostgreSQL only",
    "on_sqlite: makes sense on SQLite only, or has nothing to do with the database",
)

postgres_key = pytest.StashKey[Postgres]()
# With --roulette, chooses the app for each request.
draws = random.Random()

log_sizes_key = pytest.StashKey[dict[Path, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conduit", "the server that the suite is pointed at")
    group.addoption("--app", choices=tuple(APPS), help="start this app, and test it")
    group.addoption(
        "--database", choices=("sqlite", "postgres"), default="sqlite", help="the kind of database"
    )
    group.addoption("--server", metavar="NAME", help="the server that runs the app")
    group.addoption(
        "--app-folder", metavar="PATH", type=Path, help="a copy of the app, to be tested instead"
    )
    group.addoption(
        "--rules",
        choices=get_args(strictness.Selection),
        default="all",
        help="the rules to test: `core`, which every client relies on, without the checks of every "
        "response; `pinned`; or `all`, the default",
    )
    group.addoption(
        "--roulette",
        metavar="SEED",
        type=int,
        nargs="?",
        const=random.randrange(10**6),
        help="start all apps on one PostgreSQL, and send every request to any of them",
    )
    group.addoption("--base-url", metavar="URL", help="test a server that is already running")


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    _check_options(config)
    strictness.begin_run(config.getoption("--rules"))
    # On SIGTERM, pytest still finalizes the fixtures, so no server is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def app_of(config: pytest.Config) -> App:
    """The app that is tested."""
    folder: Path | None = config.getoption("--app-folder")
    return replace(APPS[config.getoption("--app")], copy=folder and folder.resolve())


def _check_options(config: pytest.Config) -> None:
    app, server = config.getoption("--app"), config.getoption("--server")
    targets = [app, config.getoption("--base-url"), config.getoption("--roulette")]
    if targets.count(None) < 2:
        raise pytest.UsageError("--app, --base-url and --roulette exclude each other")
    for option in ("--server", "--app-folder"):
        if config.getoption(option) and not app:
            raise pytest.UsageError(f"{option} needs --app")
    if server and server not in APPS[app].servers:
        known = ", ".join(APPS[app].servers)
        raise pytest.UsageError(f"{app} has no server {server!r}: give one of {known}")


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("--roulette")
    return None if seed is None else f"to draw the same servers: --roulette {seed}"


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case after its value, shortened and with its length if it is long."""
    if isinstance(val, str | bytes):
        return f"{ascii(val[:20])[:40]}..({len(val)})" if len(val) > 60 else None
    if isinstance(val, dict | list | tuple):
        text = ascii(val)
        return f"{text[:40]}..({len(text)})" if len(text) > 60 else text
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their fixtures, and deselect those that cannot run against the target."""
    database = config.getoption("--database")
    app, server = config.getoption("--app"), config.getoption("--server")
    elsewhere = left_out(app, server) if server else frozenset()
    without = {"live"} if server and server in APPS[app].without_sockets else set()
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        note_rules(item)
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & STARTING:
            item.add_marker(pytest.mark.process)
        marks = {mark.name for mark in item.iter_markers()}
        if config.getoption("--base-url") or config.getoption("--roulette") is not None:
            runs = not marks & {"process", "cross"}
        elif app:
            other = "on_sqlite" if database == "postgres" else "on_postgres"
            runs = not marks & {"cross", other, *without}
            runs = runs and item.name.partition("[")[0] not in elsewhere
        else:
            runs = "cross" in marks
        runs = runs and config.getoption("--rules") in ("all", kind_of(item))
        (kept if runs else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
    items.sort(key=lambda item: turn_of(item.nodeid))


# One PostgreSQL for each run, owned by the controller process.


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    crosses = not config.getoption("--app") and not config.getoption("--base-url")
    if crosses or (config.getoption("--app") and config.getoption("--database") == "postgres"):
        config.stash[postgres_key] = Postgres()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if postgres_key in session.config.stash:
        session.config.stash[postgres_key].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the URL of the run's PostgreSQL to a pytest-xdist worker."""
    if postgres_key in node.config.stash:
        node.workerinput["postgres_url"] = node.config.stash[postgres_key].url("postgres")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run tests that share a server in one worker."""
    return Scheduling(config, log) if config.getoption("dist") == "load" else None


# Failure reports.


def pytest_runtest_setup(item: pytest.Item) -> None:
    strictness.begin_test(rules_of(item))
    exchanges.forget()
    draws.seed(f"{item.config.getoption('--roulette')} {item.nodeid}")
    item.stash[log_sizes_key] = {server.log: server.log.stat().st_size for server in running}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        ids = [id_ for mark in item.iter_markers("rule") for id_ in mark.args]
        rules = "\n".join(f"{id_}: {read_rules()[id_]}" for id_ in ids)
        report.sections.append(("the contract", rules))
        for answer in exchanges.recent:
            report.sections.append(("request and answer", str(answer)))
        if item.config.getoption("--roulette") is not None:
            names = {server.url: server.app for server in running}
            lines = [f"{names[url]:8}{what}" for url, what in exchanges.trail]
            report.sections.append(("the app of each response", "\n".join(lines)))
        sizes = item.stash.get(log_sizes_key, {})
        for server in running:
            text = server.log_text(since=sizes.get(server.log, 0))[-8_000:]
            if text:
                report.sections.append((f"log of {server.log.stem}", text))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Show the rules and the first failure after the list of all failures, which can be long."""
    yield
    if terminalreporter.config.option.collectonly:
        return
    stats = terminalreporter.stats
    for line in summary(stats):
        terminalreporter.write_line(line)
    if len(failed := [*stats.get("failed", ()), *stats.get("error", ())]) > 1:
        first = min(failed, key=lambda report: report.start)
        terminalreporter.write_line(f"Begin with the first failure: {first.nodeid}", red=True)


# Servers.


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config) -> str:
    """The PostgreSQL of this run."""
    if hasattr(pytestconfig, "workerinput"):
        url: str = pytestconfig.workerinput["postgres_url"]
        return url
    return pytestconfig.stash[postgres_key].url("postgres")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def launcher(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    shared_folder: Path,
    worker_id: str,
) -> Iterator[Launcher]:
    """Starts servers of the app that is tested."""
    config = request.config
    app = app_of(config)
    folder = tmp_path_factory.mktemp("servers")
    on_postgres = config.getoption("--database") == "postgres"
    url = request.getfixturevalue("postgres_url") if on_postgres else None
    databases = Databases(folder, url, prefix=worker_id)
    server = config.getoption("--server") or app.default_server
    yield Launcher(app, server, databases, folder, shared_folder)
    stop_all()


@pytest.fixture(scope="session")
def server(launcher: Launcher) -> Server:
    """The server that most tests of a worker use."""
    return launcher.start()


@pytest.fixture(scope="session")
def restricted(launcher: Launcher) -> Server:
    """A server with lists of hosts and origins, a reduced log, no lab and no secret.

    Its tokens are valid for an hour, and its events are kept for a second.

    All its tests run in one worker, and no other test writes here.
    """
    origins = ("https://one.example", "http://two.example:8080")
    return launcher.start(
        {
            "CONDUIT_ALLOWED_HOSTS": "127.0.0.1, Conduit.example",
            "CONDUIT_CORS_ORIGINS": ", ".join(origins),
            "CONDUIT_TOKEN_LIFETIME": "3600",
            "CONDUIT_EVENT_RETENTION": "60",
            "CONDUIT_LOG_LEVEL": "WARNING",
            "CONDUIT_LAB": "0",
            "CONDUIT_SECRET_KEY": None,
        },
        cors=Cors(any_origin=False, origins=origins),
    )


@pytest.fixture(scope="session")
def production(launcher: Launcher) -> Server:
    """A server in production with only the required settings; no test creates articles here."""
    return launcher.start(
        {
            "CONDUIT_ENV": "production",
            "CONDUIT_SECRET_KEY": "exactly-32-bytes-of-secret-text!",
            "CONDUIT_PASSWORD_HASHING": None,
            "CONDUIT_ALLOWED_HOSTS": "127.0.0.1",
        },
        cors=Cors(any_origin=False),
        checked=True,
    )


@pytest.fixture(scope="session")
def roulette(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[list[str]]:
    """The URLs of all apps, on one database."""
    folder = tmp_path_factory.mktemp("roulette")
    databases = Databases(folder, postgres_url, prefix=worker_id)
    database = databases.empty()
    addresses = []
    for app in APPS.values():
        launcher = Launcher(app, app.default_server, databases, folder, folder)
        ended = launcher.migrate(database)
        assert ended.code == 0, ended.stderr
        addresses.append(launcher.start(database=database).url)
    yield addresses
    stop_all()


@pytest.fixture(scope="session")
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """An anonymous client of the server that is tested."""
    if request.config.getoption("--roulette") is not None:
        addresses: list[str] = request.getfixturevalue("roulette")
        with Client(lambda: draws.choice(addresses)) as client:
            yield client
        return
    if base_url := request.config.getoption("--base-url"):
        with Client(base_url) as client:
            yield client
    else:
        server: Server = request.getfixturevalue("server")
        yield server.client


# Users and articles. Tests must not change those with session scope.


@pytest.fixture
def anna(client: Client) -> Person:
    """A user who has just signed up."""
    return register(client, "anna")


@pytest.fixture
def ben(client: Client) -> Person:
    """Another user who has just signed up."""
    return register(client, "ben")


@pytest.fixture(scope="session")
def reader(client: Client) -> Person:
    """A user for tests that only read; no test changes this user."""
    return register(client, "reader")


@pytest.fixture(scope="session")
def writer(client: Client) -> Person:
    """The author of `story`; no test changes this user."""
    return register(client, "writer")


@pytest.fixture(scope="session")
def story(writer: Person) -> dict[str, Any]:
    """An article that no test changes."""
    return write_article(writer)


@pytest.fixture
def article(anna: Person) -> dict[str, Any]:
    """An article by anna."""
    return write_article(anna)
