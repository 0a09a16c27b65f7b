"""Mounts every domain under `/api`, in the contract's order."""

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import ValidationErrorContext
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from . import docs, errors
from .accounts.api import router as accounts
from .articles.api import router as articles
from .comments.api import router as comments
from .document import INFO
from .errors import Invalid, field_messages
from .health import router as health
from .lab.api import router as lab
from .requests import read_body


class JSONRenderer(BaseRenderer):
    """The bytes of Pydantic: compact, and with all characters as they are."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


class ConduitAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The handler's name."""
        return operation.view_func.__name__

    def validation_error_from_error_contexts(  # type: ignore[override]
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> Exception:
        """Ninja's own drops the inputs, and with them what tells a null from a wrong type."""
        failed = [
            error
            for context in error_contexts
            for error in context.pydantic_validation_error.errors()
        ]
        return Invalid(**{name: message for name, [message] in field_messages(failed).items()})


api = ConduitAPI(
    title=docs.TITLE,
    version=INFO["version"],
    description=INFO["description"],
    renderer=JSONRenderer(),
    openapi_url=None,
    docs_url=None,
)
api.add_decorator(read_body, mode="view")
for part in (accounts, articles, comments, health, lab):
    api.add_router("", part)
errors.register(api)
