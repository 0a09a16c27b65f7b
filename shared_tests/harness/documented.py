"""DOCS-6: every response of an operation matches its schema in the document.

Every response of every test is checked, including the order of keys, which JSON Schema ignores.
"""

import re
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from . import strictness
from .exchanges import Answer
from .rules import SPEC


@cache
def read_document() -> dict[str, Any]:
    """`spec/openapi.yaml` as a JSON value."""
    text = (SPEC / "openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return document


def check_documented(answer: Answer) -> None:
    """Compare a response with the document; a response of no operation is not checked."""
    __tracebackhide__ = True
    operation = _operation(answer.request.method, answer.request.target.partition("?")[0])
    if operation is None or answer.request.method == "HEAD":
        return
    status = str(answer.status)
    if answer.status >= 400 and not strictness.is_exact():
        return
    if status not in operation["responses"]:
        assert answer.status >= 400, f"{operation['operationId']} has no response {status}"
        return
    schema = _schema(operation["operationId"], status)
    if schema is None:
        assert answer.body == b"", "a body that is not in the document"
        return
    for error in _validator(operation["operationId"], status).iter_errors(answer.json):
        raise AssertionError(f"not as documented: {error.message} at {error.json_path}")
    if strictness.is_exact():
        _check_order(answer.json, schema, "$")


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    document = read_document()
    return [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "/?"), item)
        for path, item in sorted(document["paths"].items(), key=lambda pair: "{" in pair[0])
    ]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, item in _operations():
        if pattern.fullmatch(path):
            operation: dict[str, Any] | None = item.get(method.lower())
            return operation
    return None


@cache
def _by_id() -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for item in read_document()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }


@cache
def _schema(operation_id: str, status: str) -> dict[str, Any] | None:
    response = _resolved(_by_id()[operation_id]["responses"][status])
    content = response.get("content", {})
    if "application/json" not in content:
        return None
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


@cache
def _validator(operation_id: str, status: str) -> Draft202012Validator:
    schema = _schema(operation_id, status) or {}
    # OpenAPI 3.1 uses JSON Schema 2020-12.
    return Draft202012Validator({**schema, "components": read_document()["components"]})


def _resolved(value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = read_document()
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def _check_order(value: Any, schema: dict[str, Any], where: str) -> None:
    """Check that the keys are in the order of the schema, on all levels."""
    __tracebackhide__ = True
    schema = _resolved(schema)
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        expected = [name for name in properties if name in value]
        assert list(value) == expected, f"keys of {where} are {list(value)}, not {expected}"
        for name, item in value.items():
            _check_order(item, properties[name], f"{where}.{name}")
    elif isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            _check_order(item, schema["items"], f"{where}[{number}]")
