"""Replacements for a body that was refused: reading one raises, so no view gets a part of it."""

import sys
from io import RawIOBase

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig


def max_size() -> int:
    """The maximum size of a body in bytes."""
    limit: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return sys.maxsize - 1 if limit is None else limit


class CutBody(RawIOBase):
    """A body that is too large: reading it raises."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise RequestDataTooBig("the body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE")


class BrokenBody(CutBody):
    """A body that is incomplete or malformed: reading it raises."""

    def readinto(self, buffer: object) -> int:
        raise BadRequest("the body is incomplete or malformed")
