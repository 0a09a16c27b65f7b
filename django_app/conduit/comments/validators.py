"""What the contract asks of a comment, for models and forms: the API's own type asks it."""

from ..validators import validate_as
from .schemas import NewComment


def validate_body(value: str) -> None:
    validate_as(NewComment, {"body": value})
