"""What stands in the place of a body that no view may get a part of, for both kinds of servers."""

import sys
from io import RawIOBase

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig


def max_size() -> int:
    """The most bytes that a body may have."""
    limit: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return sys.maxsize - 1 if limit is None else limit


class CutBody(RawIOBase):
    """A body that is too large: reading it raises."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise RequestDataTooBig("the body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE")


class BrokenBody(CutBody):
    """A body that did not arrive whole: reading it raises."""

    def readinto(self, buffer: object) -> int:
        raise BadRequest("the body is not whole")
