"""The machine and the versions of a run."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import psycopg

from compare.run.apps import ROOT

PACKAGES = (
    "django",
    "django-ninja",
    "flask",
    "flask-openapi",
    "fastapi",
    "starlette",
    "pydantic",
    "sqlalchemy",
    "psycopg",
    "uvicorn",
    "gunicorn",
)


def describe_machine() -> dict[str, Any]:
    """What a reader needs to judge the figures, and nothing that identifies the machine."""
    return {
        "processors": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "processor": processor(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def processor() -> str:
    """The model of the processor if Linux knows it, otherwise the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()


def describe_commit() -> dict[str, Any]:
    """The commit that was measured, and whether files differ from it."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()

    return {
        "id": git("rev-parse", "HEAD"),
        # Other files do not count: texts are updated from the figures of the run.
        "changed": bool(git("status", "--porcelain", "--", "*.py", "constraints.txt")),
    }


def describe_versions() -> dict[str, str]:
    """The versions of Python, SQLite and the main packages."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def postgres_version(server_url: str) -> str:
    """The version that the server reports."""
    with psycopg.connect(server_url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else "unknown"
