"""The messages of validation: what the API says for each of Pydantic's error types."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

COLLECTIONS = {"List", "Set", "Frozenset", "Tuple", "Dictionary", "Generator"}
# An error of another type has its own message.
MESSAGES = {
    "missing": "can't be blank",
    "string_type": "must be a string",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "string_pattern_mismatch": "is invalid",
    "too_short": "is too short (minimum is {min_length} characters)",
    "too_long": "is too long (maximum is {max_length} characters)",
    "literal_error": "must be {expected}",
    "string_too_long": "is too long (maximum is {max_length} characters)",
    "string_too_short": "is too short (minimum is {min_length} characters)",
}


def field_messages(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> dict[str, list[str]]:
    """The first message of each field, in the order of the schema.

    `skip` is how many parts of an error's location come before the path in the body or query.
    """
    messages: dict[str, list[str]] = {}
    for error in errors:
        path = error["loc"][skip:]
        # The first name is that of the parameter, or of the object that the body has.
        names = [part for part in path if isinstance(part, str)]
        field = names[min(1, len(names) - 1)] if names else "body"
        messages.setdefault(field, [message_of(error, path)])
    return messages


def message_of(error: Mapping[str, Any], path: Sequence[Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "json_invalid":
        return "is not valid JSON"
    if not path and kind != "list_type":
        return "must be an object"
    if kind == "string_type" and isinstance(path[-1], int):
        return "must be a list of strings"
    if error["input"] is None:
        return "can't be blank"
    if kind not in MESSAGES or context.get("field_type") in COLLECTIONS:
        return str(error["msg"])
    return MESSAGES[kind].format_map(context)
