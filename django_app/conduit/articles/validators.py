"""Validators of an article's fields, for models and forms; they use the API's types."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug as validate_characters

from ..validators import validate_as
from . import schemas
from .slugs import RESERVED_SLUGS


def validate_slug(value: str) -> None:
    validate_characters(value)
    if value in RESERVED_SLUGS:
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
