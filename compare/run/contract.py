"""The operations of the contract, read from `spec/openapi.yaml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

import yaml

from compare.run.apps import ROOT

METHODS = ("get", "post", "put", "delete", "patch")

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Envelope:
    """The one key of a request's body, and the fields in the object under it."""

    name: str
    fields: Mapping[str, Schema]
    required: frozenset[str]


@dataclass(frozen=True)
class Operation:
    """What `spec/openapi.yaml` says of one operation."""

    name: str
    method: str
    path: str
    """With its parameters, as in `/api/articles/{slug}`."""
    summary: str
    token: Literal["must", "may"] | None = None
    query: Mapping[str, Schema] = field(default_factory=dict, hash=False)
    required_query: frozenset[str] = frozenset()
    body: Envelope | None = field(default=None, hash=False)
    statuses: frozenset[int] = frozenset()

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation, as they are sent."""
        return re.compile("[^/]+".join(map(re.escape, re.split(r"\{\w+\}", self.path))))


@cache
def read_document() -> Any:
    """`spec/openapi.yaml`, by the loader in C if PyYAML has it: it is five times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((ROOT / "spec" / "openapi.yaml").read_text("utf-8"), loader)


def read_operations() -> list[Operation]:
    """All operations, in the order of the document."""
    document = read_document()
    return [
        make_operation(document, method, path, content)
        for path, methods in document["paths"].items()
        for method, content in methods.items()
        if method in METHODS
    ]


def make_operation(
    document: Schema, method: str, path: str, content: Mapping[str, Any]
) -> Operation:
    security = content.get("security")
    parameters = content.get("parameters", [])
    return Operation(
        name=content["operationId"],
        method=method.upper(),
        path=path,
        summary=content["summary"],
        token=None if not security else "may" if {} in security else "must",
        query={each["name"]: each["schema"] for each in parameters if each["in"] == "query"},
        required_query=frozenset(
            each["name"] for each in parameters if each["in"] == "query" and each.get("required")
        ),
        body=make_envelope(document, content["requestBody"]) if "requestBody" in content else None,
        statuses=frozenset(map(int, content["responses"])),
    )


def make_envelope(document: Schema, body: Schema) -> Envelope:
    outer = resolve(document, body["content"]["application/json"]["schema"])
    ((name, reference),) = outer["properties"].items()
    inner = resolve(document, reference)
    return Envelope(name, inner["properties"], frozenset(inner.get("required", ())))


def resolve(document: Schema, schema: Schema) -> Schema:
    """The schema itself, also if only a reference to it is given."""
    if "$ref" not in schema:
        return schema
    found: Any = document
    for key in schema["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return resolve(document, found)
