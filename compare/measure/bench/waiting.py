"""Open sockets, and requests that wait at the same time: from `load live` and `lab`."""

from compare.measure.bench.plan import Findings, Options
from compare.measure.bench.servers import app_subject
from compare.measure.lab.cells import EXPERIMENTS
from compare.measure.lab.measure import running as running_lab
from compare.measure.load.live import LiveOptions, measure_live
from compare.run.databases import Kind
from compare.run.record import figure
from compare.run.terminal import Failed, UsageError

EVENTS = 30
WAIT = 200
WAITING = 50


async def measure_sockets(options: Options, findings: Findings) -> None:
    """Measure how late events reach all sockets of one process, and the memory of a socket."""
    for app in options.apps:
        findings.show_step(f"{options.sockets} sockets on {app.title}")
        plan = LiveOptions(app, options.sockets, EVENTS, Kind.POSTGRES)
        try:
            report = await measure_live(plan, findings.show_step)
            if not report.is_good:
                raise Failed(
                    f"{app.title} lost events or responses with {options.sockets} sockets:"
                    f" ./triptych load live --app {app.name} shows which"
                )
        except (Failed, UsageError) as failure:
            findings.miss("sockets", failure, app.name)
            continue
        subject = app_subject(app)
        for name, unit, value, better in (
            ("sockets", "count", float(options.sockets), "higher"),
            ("delivery_p50", "ms", report.by_the_app.p50, "lower"),
            ("delivery_p99", "ms", report.by_the_app.p99, "lower"),
            ("memory_of_a_socket", "bytes", report.memory.per_socket(options.sockets), "lower"),
        ):
            findings.figures.append(
                figure(
                    subject,
                    f"sockets.live.{name}",
                    unit,
                    [value],
                    better="higher" if better == "higher" else "lower",
                    database="postgresql",
                    clients=options.sockets,
                )
            )
        findings.advance()


async def measure_concurrency(options: Options, findings: Findings) -> None:
    """Measure how many of 50 requests wait at the same time, and how long all of them take."""
    experiments = [each for each in EXPERIMENTS if each.name in {"blocking", "async"}]
    async with running_lab(options.apps) as benches:
        for bench in benches:
            for experiment in experiments:
                findings.show_step(f"{experiment.name} waits in {bench.app.title}")
                cell = await bench.run(experiment, n=WAITING, ms=WAIT)
                subject = app_subject(bench.app)
                findings.figures.append(
                    figure(
                        subject,
                        f"concurrency.{experiment.name}.waiting_at_once",
                        "count",
                        [cell.peak],
                        better="higher",
                        clients=WAITING,
                    )
                )
                findings.figures.append(
                    figure(
                        subject,
                        f"concurrency.{experiment.name}.until_the_last",
                        "ms",
                        [cell.total],
                        better="lower",
                        clients=WAITING,
                    )
                )
            findings.advance()
