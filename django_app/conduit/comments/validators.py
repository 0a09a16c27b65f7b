"""The validator of a comment's body, for models and forms; it uses the API's type."""

from ..validators import validate_as
from .schemas import NewComment


def validate_body(value: str) -> None:
    validate_as(NewComment, {"body": value})
