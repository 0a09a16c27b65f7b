"""The base of all schemas: camelCase names, whole milliseconds, non-blank text."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)
from pydantic.alias_generators import to_camel
from pydantic_core import MISSING, PydanticCustomError, PydanticKnownError


def without_titles(schema: dict[str, Any]) -> None:
    """Drop the titles that Pydantic derives from names: they repeat the names."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)


class Schema(BaseModel):
    """A JSON object of the API: camelCase on the wire, snake_case in Python."""

    model_config = ConfigDict(alias_generator=to_camel, json_schema_extra=without_titles)


class ResponseSchema(Schema):
    """A response, made from a row or from arguments, by the names in Python."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=to_camel), from_attributes=True
    )


class ErrorResponse(ResponseSchema):
    errors: dict[str, list[str]]


def show_time(value: datetime) -> str:
    """The time in UTC, such as `2026-02-18T03:22:56.637Z`."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[
    datetime,
    PlainSerializer(show_time, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]

# What the checks below require, as patterns for the document.
NO_NUL = r"^[^\x00]*$"
# White space as in Python's `str.strip`, which differs from `\s` in JavaScript.
SPACE = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
FILLED = rf"^[^\x00]*[^{SPACE}\x00][^\x00]*$"


def refuse_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "can't be blank")
    return value


def refuse_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul", "is invalid")
    return value


def read_integer(value: Any) -> Any:
    """An integer as the contract writes one: no plus sign, space, underscore or fraction."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch("-?[0-9]+", value, re.ASCII):
        raise PydanticKnownError("int_parsing")
    return int(Decimal(value))  # `int` refuses text of more than 4,300 digits


def between(low: int, high: int) -> AfterValidator:
    """A check that refuses what is not from `low` to `high`."""

    def check(value: int) -> int:
        if not low <= value <= high:
            limits = {"low": low, "high": high}
            raise PydanticCustomError("between", "must be between {low} and {high}", limits)
        return value

    return AfterValidator(check)


# Pydantic applies annotations from left to right and stops at the first that fails,
# so the order of these is the order of the messages: blank, NUL, form, too short, too long.
Text = Annotated[str, AfterValidator(refuse_nul), Field(json_schema_extra={"pattern": NO_NUL})]
FilledText = Annotated[str, AfterValidator(refuse_blank), AfterValidator(refuse_nul)]
RequiredText = Annotated[FilledText, Field(json_schema_extra={"pattern": FILLED})]

Integer = Annotated[int, BeforeValidator(read_integer)]

# The value of a field that was not sent; from a factory, so that the document shows no default.
ABSENT: Any = Field(default_factory=lambda: MISSING)
