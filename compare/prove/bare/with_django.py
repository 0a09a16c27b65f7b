"""Django and Ninja, with the settings in `django_settings.py` beside it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from ninja import NinjaAPI, Status
from ninja.security import APIKeyHeader
from pydantic import BaseModel

Handle = Callable[[HttpRequest], HttpResponseBase]


def mark(get_response: Handle) -> Handle:
    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["X-Marked"] = "yes"
        return response

    return handle


class Item(BaseModel):
    name: str
    count: int


class Token(APIKeyHeader):
    param_name = "Authorization"

    def authenticate(self, request: HttpRequest, key: str | None) -> str | None:
        return key


api = NinjaAPI(openapi_url=None)


@api.get("/items")
def get_items(request: HttpRequest, limit: int = 20) -> Any:
    return {"limit": limit}


@api.post("/items")
def create_item(request: HttpRequest, item: Item) -> Any:
    return item


@api.get("/items/{name}")
def get_item(request: HttpRequest, name: str) -> Any:
    return {"name": name}


@api.delete("/items/{name}", response={204: None})
def delete_item(request: HttpRequest, name: str) -> Any:
    return Status(204, None)


@api.post("/mine", auth=Token())
def create_mine(request: HttpRequest, item: Item) -> Any:
    return item


@api.get("/folder/")
def get_folder(request: HttpRequest) -> Any:
    return {}


@api.get("/old")
def get_old(request: HttpRequest) -> Any:
    return redirect("/items")


@api.get("/shapes")
def get_shapes(request: HttpRequest) -> Any:
    return {"zoo": "한글 é", "ant": [1, 2]}


@api.get("/time")
def get_time(request: HttpRequest) -> Any:
    return {"at": datetime(2026, 2, 18, 3, 22, 56, 637891, tzinfo=UTC)}


@api.get("/infinite")
def get_infinite(request: HttpRequest) -> Any:
    return {"value": float("nan")}


@api.get("/failure")
def get_failure(request: HttpRequest) -> Any:
    raise RuntimeError("on purpose")


urlpatterns = [path("", api.urls)]
application = get_asgi_application()
