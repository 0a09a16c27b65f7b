"""What the contract asks of an article, for models and forms: the API's own types check it."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug as validate_characters

from ..validators import validate_as
from . import schemas
from .slugs import ROUTE_WORDS


def validate_slug(value: str) -> None:
    validate_characters(value)
    if value in ROUTE_WORDS:
        raise ValidationError("is the word of a route", code="route")


def validate_title(value: str) -> None:
    validate_as(schemas.Title, value)


def validate_description(value: str) -> None:
    validate_as(schemas.Description, value)


def validate_body(value: str) -> None:
    validate_as(schemas.Body, value)


def validate_tag(value: str) -> None:
    """A tag as it is stored: text that the API would trim is not valid."""
    validate_as(schemas.TagList, [value])
    if value != value.strip():
        raise ValidationError("has white space around it", code="trim")
