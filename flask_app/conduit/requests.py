"""What is taken from a request: a body of limited size that is strict JSON."""

from typing import Any

from flask import Flask, Request, current_app, request
from pydantic_core import from_json
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BaseConverter
from werkzeug.utils import cached_property

from .errors import BadRequest, Invalid, UnsupportedMediaType


class SlugConverter(BaseConverter):
    """One segment that is not the word of a route beside it."""

    regex = "(?!feed$)[^/]+"


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


def read_body() -> None:
    """Read the body where the view takes one: too large a one is refused before all else."""
    view = current_app.view_functions.get(request.endpoint or "")
    if "body" in getattr(view, "__annotations__", {}):
        request.get_data()


def register(app: Flask) -> None:
    app.request_class = JSONRequest
    app.url_map.converters["slug"] = SlugConverter
    app.url_map.merge_slashes = False
    app.before_request(read_body)
