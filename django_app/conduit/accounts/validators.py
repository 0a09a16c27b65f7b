"""Validators of a user's fields, for models and forms; they use the API's types."""

from typing import Any

from ..validators import validate_as
from . import schemas


def validate_email(value: str) -> None:
    validate_as(schemas.Email, value)


def validate_username(value: str) -> None:
    validate_as(schemas.Username, value)


def validate_bio(value: str) -> None:
    validate_as(schemas.Bio, value)


def validate_image(value: str) -> None:
    validate_as(schemas.Image, value)


class PasswordValidator:
    """One of `AUTH_PASSWORD_VALIDATORS`: for the admin, `createsuperuser` and `changepassword`."""

    def validate(self, password: str, user: Any = None) -> None:
        validate_as(schemas.Password, password)

    def get_help_text(self) -> str:
        return "Your password must have 8 to 128 characters."
