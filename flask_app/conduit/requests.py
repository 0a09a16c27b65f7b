"""What is taken from a request: a body of limited size that is strict JSON."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, current_app, request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import BaseConverter
from werkzeug.utils import cached_property

from .errors import BadRequest, Invalid, TooLarge, UnsupportedMediaType, refuse_invalid

MAX_BODY = 1_048_576


class SlugConverter(BaseConverter):
    """One segment that is not the word of a route beside it."""

    regex = r"(?!feed\Z)[^/]+"


class JSONRequest(Request):
    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The query, of a repeated parameter the last."""
        return ImmutableMultiDict({name: values[-1] for name, values in super().args.lists()})

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body's object, for flask-openapi, which would quietly take what is not JSON."""
        if self.mimetype != "application/json":
            raise UnsupportedMediaType(body="must be application/json")
        try:
            value = from_json(self.get_data(), allow_inf_nan=False)
        except ValueError:
            raise BadRequest(body="is not valid JSON") from None
        if not isinstance(value, dict):
            raise Invalid(body="must be an object")
        return value


def validate(models: Mapping[str, Any], path: Mapping[str, str]) -> dict[str, BaseModel]:
    """What a view takes, of the names that flask-openapi gives: `path`, `query` and `body`."""
    taken: dict[str, BaseModel] = {}
    try:
        if "path" in models:
            taken["path"] = models["path"].model_validate(path)
        if "query" in models:
            taken["query"] = models["query"].model_validate(request.args.to_dict())
        if "body" in models:
            taken["body"] = models["body"].model_validate(request.get_json())
    except ValidationError as error:
        refuse_invalid(error)
    return taken


def read_body() -> None:
    """Read the body where the view takes one: too large a one is refused before all else."""
    view = current_app.view_functions.get(request.endpoint or "")
    if "body" not in getattr(view, "__annotations__", {}):
        return
    try:
        too_large = len(request.get_data()) > MAX_BODY
    except RequestEntityTooLarge:
        too_large = True
    except Exception:  # of chunks that are none: each server raises its own
        raise BadRequest(body="is not valid JSON") from None
    if too_large:
        raise TooLarge(body=f"is too large (maximum is {MAX_BODY} bytes)")


def register(app: Flask) -> None:
    app.request_class = JSONRequest
    # Werkzeug cuts a chunked body at its limit, silently: one byte more tells that it was.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.url_map.converters["slug"] = SlugConverter
    # The middleware has taken a slash off: a route that is written with one is meant all the same.
    app.url_map.strict_slashes = False
    app.before_request(read_body)
