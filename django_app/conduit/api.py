"""Mounts every domain under `/api`, in the contract's order."""

from typing import Any

from django.conf import settings
from ninja import NinjaAPI
from ninja.errors import ValidationErrorContext
from ninja.operation import Operation
from pydantic import BaseModel

from . import errors, openapi
from .accounts.api import router as accounts
from .articles.api import router as articles
from .comments.api import router as comments
from .health import router as health
from .lab.api import router as lab
from .validation import field_messages


class ConduitAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The handler's name."""
        return operation.view_func.__name__

    def validation_error_from_error_contexts(  # type: ignore[override]
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> Exception:
        """Ninja's method drops the inputs, which distinguish a null from a wrong type."""
        messages: dict[str, list[str]] = {}
        for context in error_contexts:
            fields = context.model.model_fields.items()
            kinds = {field.alias or name: field.annotation for name, field in fields}
            for failure in context.pydantic_validation_error.errors():
                kind = kinds.get(str(next(iter(failure["loc"]), "")))
                # A schema's errors are located below its parameter; a plain parameter is the field.
                is_schema = isinstance(kind, type) and issubclass(kind, BaseModel)
                for name, found in field_messages([failure], skip=int(is_schema)).items():
                    messages.setdefault(name, found)
        return errors.Invalid(**{name: message for name, [message] in messages.items()})


api = ConduitAPI(
    title=openapi.TITLE,
    version=openapi.VERSION,
    description=openapi.DESCRIPTION,
)
for router in (accounts, articles, comments, health):
    api.add_router("", router)
if settings.LAB:
    api.add_router("", lab)
errors.register(api)
