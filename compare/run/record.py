"""A run of `bench` as data: the content of a file in `docs/figures/`."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import jsonschema

from compare.run.apps import ROOT
from compare.run.terminal import UsageError

VERSION = 1
SCHEMA = ROOT / "docs" / "figures" / "schema.json"

Kind = Literal["app", "bare", "floor", "url"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Subject:
    """What was measured: an app, a ceiling of its framework, or a server at an address."""

    id: str
    title: str
    kind: Kind
    framework: str | None = None
    server: str | None = None


@dataclass(frozen=True)
class Figure:
    """One measured value of one subject; `values` has one entry for each round."""

    id: str
    """`group.name.measure`, and what it was measured on, such as `.postgresql.32`."""
    subject: str
    group: str
    name: str
    measure: str
    unit: str
    better: Better | None
    values: Sequence[float]
    database: str | None = None
    clients: int | None = None
    workers: int | None = None
    median: float = field(init=False)
    low: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", [rounded(value) for value in self.values])
        object.__setattr__(self, "median", rounded(statistics.median(self.values)))
        object.__setattr__(self, "low", min(self.values))
        object.__setattr__(self, "high", max(self.values))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The figure of a file, whose median and spread follow from the values."""
        return cls(**{key: data[key] for key in data if key not in {"median", "low", "high"}})


def rounded(value: float) -> float:
    """Rounded to four digits, or to an integer: no figure is more precise."""
    return float(f"{value:.4g}") if abs(value) < 1000 else float(round(value))


def figure(
    subject: Subject,
    where: str,
    unit: str,
    values: Iterable[float],
    *,
    better: Better | None = None,
    database: str | None = None,
    clients: int | None = None,
    workers: int | None = None,
) -> Figure:
    """A figure by its place `group.name.measure`."""
    group, name, measure = where.split(".")
    on = [str(each) for each in (database, clients, workers) if each is not None]
    return Figure(
        ".".join([where, *on]),
        subject.id,
        group,
        name,
        measure,
        unit,
        better,
        list(values),
        database,
        clients,
        workers,
    )


@dataclass(frozen=True)
class Missing:
    """A group, or one subject of it, without figures, and what to do about it."""

    group: str
    reason: str
    subject: str | None = None


@dataclass(frozen=True)
class Run:
    """Everything that one run has measured."""

    command: str
    started_at: str
    seconds: float
    quick: bool
    commit: Mapping[str, Any]
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    rules: Mapping[str, Any]
    subjects: Sequence[Subject]
    figures: Sequence[Figure]
    missing: Sequence[Missing]

    def data(self) -> dict[str, Any]:
        """The run as its file has it."""
        return {"version": VERSION, **asdict(self)}

    def find(self, id: str, subject: str) -> Figure | None:
        """The figure of a subject, if it was measured."""
        found = (each for each in self.figures if (each.id, each.subject) == (id, subject))
        return next(found, None)


def save(run: Run, path: Path) -> None:
    """Write the file atomically."""
    draft = path.with_name(f"{path.name}-draft")
    draft.write_text(json.dumps(run.data(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(path)


def load_run(path: Path) -> Run:
    """The run in the file; `UsageError` says what is wrong with it."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): give another file") from None
    except ValueError:
        raise UsageError(
            f"{path} is not JSON: give a file that bench --output has written"
        ) from None
    try:
        jsonschema.validate(data, json.loads(SCHEMA.read_text("utf-8")))
    except jsonschema.ValidationError as error:
        raise UsageError(
            f"{path} is not a run of this bench ({error.json_path}: {error.message[:200]}):"
            " give a file that bench --output has written"
        ) from None
    data.pop("version")
    return Run(
        **data
        | {
            "subjects": [Subject(**each) for each in data["subjects"]],
            "figures": [Figure.from_data(each) for each in data["figures"]],
            "missing": [Missing(**each) for each in data["missing"]],
        }
    )
