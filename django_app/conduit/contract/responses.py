"""The bytes of a JSON response.

Without this, Ninja escapes what is not ASCII, and puts a space after each comma and colon.
docs/differences.md#responses; ANSWER-1.
"""

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.renderers import BaseRenderer
from pydantic_core import to_json


class ExactRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


def register(api: NinjaAPI) -> None:
    api.renderer = ExactRenderer()
