"""The clock of the app."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present in whole milliseconds, UTC: the precision that is stored and shown."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)
