"""The base of all validators: checks a model's field with a type of the API."""

from typing import Any

from django.core.exceptions import ValidationError
from pydantic import TypeAdapter
from pydantic import ValidationError as Failed

from .validation import message_of


def validate_as(rule: Any, value: Any) -> None:
    """Raise Django's `ValidationError`, with the contract's message, if the API would refuse."""
    try:
        TypeAdapter(rule).validate_python(value)
    except Failed as failed:
        [error, *_] = failed.errors()
        raise ValidationError(message_of(error, ["field"])) from None
