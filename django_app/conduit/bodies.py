"""A body that is too large, for both kinds of servers."""

from io import RawIOBase

from django.core.exceptions import RequestDataTooBig


class CutBody(RawIOBase):
    """In place of a body that is too large: reading it raises, so no view gets a part of it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise RequestDataTooBig("the body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE")
