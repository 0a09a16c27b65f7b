"""What is taken from a request: a body of limited size that is strict JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.params.models import Body, BodyModel
from pydantic_core import from_json

from .errors import BadRequest, UnsupportedMediaType

Run = Callable[..., HttpResponse]
T = TypeVar("T")


class JSONBodyModel(BodyModel):
    @classmethod
    def get_request_data(
        cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]
    ) -> dict[str, Any]:
        """The body's value, where Ninja's own would also take what is not JSON, or nothing."""
        media_type = request.META.get("CONTENT_TYPE", "").partition(";")[0]
        if media_type.strip(" \t").lower() != "application/json":
            raise UnsupportedMediaType(body="must be application/json")
        try:
            value = from_json(request.body, allow_inf_nan=False)
        except ValueError:
            raise BadRequest(body="is not valid JSON") from None
        return {cls.__read_from_single_attr__: value}


class JSONBody(Body):  # type: ignore[misc]
    _model = JSONBodyModel

    @classmethod
    def _param_source(cls) -> str:
        return "body"


# The annotation of a handler's payload: `payload: JSON[schemas.LoginRequest]`.
JSON = Annotated[T, JSONBody(...)]


def read_body(run: Run) -> Run:
    """Read the body where the operation takes one: too large a one is refused before all else."""
    operation = run.__self__  # type: ignore[attr-defined]
    if not any(issubclass(model, JSONBodyModel) for model in operation.models):
        return run

    @wraps(run)
    def run_with_body(request: HttpRequest, **path: Any) -> HttpResponse:
        try:
            # Django itself looks at the announced length alone.
            if len(request.body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                raise RequestDataTooBig
        except RequestDataTooBig as error:
            response: HttpResponse = operation.api.on_exception(request, error)
            return response
        return run(request, **path)

    return run_with_body
