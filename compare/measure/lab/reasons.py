"""Why a cell has its result: an explanation is shown only if it fits the measured values."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from compare.measure.lab.cells import Cell

# The documented sizes of the libraries' pools; a cell with other values does not fit.
ANYIO_THREADS = 40
# `THREADS` in django_app/conduit/asgi_handler.py.
HANDLER_THREADS = 64
# `process_cpu_count` is new in Python 3.13, and asyncio uses it from this version on.
CPUS = getattr(os, "process_cpu_count", os.cpu_count)() or 1
EXECUTOR_THREADS = min(32, CPUS + 4)
# A total may be this much longer than its waits before it needs another explanation.
SLACK = 1.25


@dataclass(frozen=True)
class Reason:
    text: str
    fits: bool = True


def why(cell: Cell) -> Reason:
    """The paragraph under a cell."""
    explain = EXPLANATIONS[cell.app.name, cell.experiment.name]
    text = explain(cell)
    return Reason(text) if text else Reason(does_not_fit(cell), fits=False)


# Each gives its paragraph if it is true for the cell.
Explanation = Callable[[Cell], str | None]


def pool_of_handler(cell: Cell) -> str | None:
    if cell.peak != min(cell.n, HANDLER_THREADS) or len(cell.threads) != cell.peak:
        return None
    head = (
        "Under ASGI the handler of this app runs a synchronous view in a thread of a pool of"
        f" {HANDLER_THREADS} (conduit/asgi_handler.py; Django's own makes a thread for each"
        " request, without a limit): "
    )
    if cell.n <= HANDLER_THREADS:
        return head + f"enough for {cell.n}, which all waited at once."
    return head + (
        f"{cell.peak} requests waited at once, the other {cell.n - cell.peak} began when a thread"
        " was free."
    )


def pool_of_gunicorn(cell: Cell) -> str | None:
    if not is_pool_of_gunicorn(cell) or len(cell.threads) != cell.peak:
        return None
    text = (
        f"gunicorn answers each request in a thread of a pool of {cell.server_threads}: `threads`"
        " in gunicorn.conf.py, when the settings allow one live socket. "
    )
    if cell.peak == cell.n:
        return text + f"That is enough for {cell.n}, which all waited at once."
    return text + (
        f"So {cell.peak} requests waited at once, and the others stood in a queue until a thread"
        " was free."
    )


def pool_of_anyio(cell: Cell) -> str | None:
    if cell.peak != min(cell.n, ANYIO_THREADS) or len(cell.threads) != cell.peak:
        return None
    head = (
        "FastAPI runs an ordinary `def` handler in a pool of threads, so that its event loop"
        f" stays free. The pool is AnyIO's and has at most {ANYIO_THREADS}: "
    )
    if cell.n <= ANYIO_THREADS:
        return head + f"enough for {cell.n}, which all waited at once."
    return head + (
        f"{cell.peak} requests waited at once, the other {cell.n - cell.peak} began when a thread"
        " was free."
    )


def one_loop(cell: Cell) -> str | None:
    if len(cell.loops) != 1 or len(cell.threads) != 1 or cell.peak != cell.n:
        return None
    text = (
        f"One thread runs one event loop, and all {cell.n} requests were under way on it: each"
        " `await` gives the loop back to the others until its timer is over."
    )
    if cell.app.name == "django":
        text += (
            " What the answers do not show: Django's middleware here is synchronous, and holds a"
            " thread for each of the requests while it waits."
        )
    return text


def loop_a_request(cell: Cell) -> str | None:
    if not (is_pool_of_gunicorn(cell) and len(cell.loops) == len(cell.threads) == cell.n):
        return None
    return (
        "Flask is WSGI: for each request with an `async` view it makes an event loop, in a new"
        f" thread: {cell.n} requests, {cell.n} loops. The thread of gunicorn's pool that took the"
        f" request is held until its loop has ended, so the pool still decides:"
        f" {cell.peak} at once, of {cell.server_threads} threads."
    )


def loop_a_request_stalled(cell: Cell) -> str | None:
    if not (is_pool_of_gunicorn(cell) and len(cell.loops) == len(cell.threads) == cell.n):
        return None
    return (
        f"Each request has an event loop to itself ({cell.n} loops, {cell.n} threads), so a"
        f" coroutine that blocks stalls nobody else: {cell.peak} at once, as many as gunicorn's"
        f" pool of {cell.server_threads} lets in."
    )


def one_loop_stalled(cell: Cell) -> str | None:
    if len(cell.loops) != 1 or cell.peak != 1 or not is_about(cell, cell.n * cell.ms):
        return None
    return (
        f"One thread runs the one event loop, and a call that blocks this thread stops all of it:"
        f" {cell.n} requests × {cell.ms} ms, one after another. While one of them waits,"
        " nothing else is answered."
    )


def one_after_another(cell: Cell) -> str | None:
    if cell.peak != 1 or len(cell.threads) != 1 or not is_about(cell, cell.n * cell.ms):
        return None
    return (
        f"`await` in a loop: each wait ends before the next begins, so the request took {cell.n}"
        f" times {cell.ms} ms. A coroutine does one thing after another, as a function does; the"
        f" event loop was free for other requests."
    )


def own_pool(cell: Cell) -> str | None:
    if cell.peak != cell.n or len(cell.waiting_threads) != cell.n:
        return None
    return (
        f"The view makes a pool of {cell.n} threads for this one request and waits until it is"
        " done, which also blocks the request's event loop: nobody else is on it."
    )


def executor_of_the_loop(cell: Cell) -> str | None:
    if cell.peak != min(cell.n, EXECUTOR_THREADS) or len(cell.waiting_threads) != cell.peak:
        return None
    text = (
        "`sync_to_async(…, thread_sensitive=False)` takes threads of the event loop's default"
        f" executor, which has at most min(32, CPUs + 4), here {EXECUTOR_THREADS}: "
    )
    if cell.n <= EXECUTOR_THREADS:
        return text + f"enough for {cell.n} at once."
    return text + f"{cell.peak} waits at once. All requests of the process share them."


def threads_of_anyio(cell: Cell) -> str | None:
    if cell.peak != min(cell.n, ANYIO_THREADS) or len(cell.waiting_threads) != cell.peak:
        return None
    text = (
        "`run_in_threadpool` takes the threads in which FastAPI also runs ordinary `def` handlers,"
        f" at most {ANYIO_THREADS} in the process: "
    )
    if cell.n <= ANYIO_THREADS:
        return text + f"enough for {cell.n} at once."
    return text + f"{cell.peak} waits at once, then the other {cell.n - cell.peak}."


def all_together(cell: Cell) -> str | None:
    if cell.peak != cell.n or len(cell.loops) != 1 or len(cell.threads) != 1:
        return None
    text = (
        f"`asyncio.gather` starts all {cell.n} waits as tasks of one event loop, in one thread:"
        f" together they take about as long as one."
    )
    if cell.app.name == "flask":
        text += " Within one request this works in Flask as well: the request has a loop."
    return text


EXPLANATIONS: dict[tuple[str, str], Explanation] = {
    ("django", "blocking"): pool_of_handler,
    ("flask", "blocking"): pool_of_gunicorn,
    ("fastapi", "blocking"): pool_of_anyio,
    ("django", "async"): one_loop,
    ("flask", "async"): loop_a_request,
    ("fastapi", "async"): one_loop,
    ("django", "stalled"): one_loop_stalled,
    ("flask", "stalled"): loop_a_request_stalled,
    ("fastapi", "stalled"): one_loop_stalled,
    ("django", "sequential"): one_after_another,
    ("flask", "sequential"): one_after_another,
    ("fastapi", "sequential"): one_after_another,
    ("django", "threads"): executor_of_the_loop,
    ("flask", "threads"): own_pool,
    ("fastapi", "threads"): threads_of_anyio,
    ("django", "tasks"): all_together,
    ("flask", "tasks"): all_together,
    ("fastapi", "tasks"): all_together,
}


def is_pool_of_gunicorn(cell: Cell) -> bool:
    return cell.server_threads is not None and cell.peak == min(cell.n, cell.server_threads)


def is_about(cell: Cell, milliseconds: float) -> bool:
    return milliseconds <= cell.total <= milliseconds * SLACK


def does_not_fit(cell: Cell) -> str:
    """The measured values, for a cell that its usual explanation does not fit."""
    text = (
        f"This does not fit what {cell.app.title} is known to do: {cell.peak} of {cell.n} were"
        f" under way at once, on {number(len(cell.threads), 'thread')} and"
        f" {number(len(cell.loops), 'event loop')}, in {cell.total:.0f} ms."
    )
    if cell.last_start >= cell.ms:
        text += (
            f" The last one began {cell.last_start:.0f} ms after the first, whose wait was over by"
            " then. A busy machine does this: a longer --ms shows more."
        )
    return text


def number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
