from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from ..schemas import Integer, ResponseSchema, Schema, between

LONGEST_GATHER = 20_000


def refuse_long(n: int, info: ValidationInfo) -> int:
    """All waits together are limited too, since they may come one after another."""
    if n * info.data.get("ms", 0) > LONGEST_GATHER:
        limit = {"longest": LONGEST_GATHER}
        raise PydanticCustomError("product", "times ms must be at most {longest}", limit)
    return n


Milliseconds = Annotated[
    Integer,
    between(1, 5000),
    Field(json_schema_extra={"minimum": 1, "maximum": 5000}),
]
Waits = Annotated[
    Integer,
    between(1, 50),
    AfterValidator(refuse_long),
    Field(json_schema_extra={"minimum": 1, "maximum": 50}),
]
How = Literal["sequential", "threads", "tasks"]


class Wait(Schema):
    ms: Milliseconds


class Gathering(Wait):
    n: Waits
    how: How


class Span(ResponseSchema):
    name: str
    thread: str
    start: float
    end: float


class Recording(ResponseSchema):
    """What one request did: times are milliseconds of a clock that the whole process shares."""

    framework: str
    server: str
    handler: Literal["sync", "async"]
    process: int
    thread: str
    loop: str | None
    started_at: float
    ended_at: float
    spans: list[Span]
