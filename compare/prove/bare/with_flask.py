"""Flask and flask-openapi."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import Response, abort, redirect, request
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel

app = OpenAPI(__name__, doc_ui=False, static_folder=None)


@app.after_request
def mark(response: Response) -> Response:
    response.headers["X-Marked"] = "yes"
    return response


class Item(BaseModel):
    name: str
    count: int


class ItemPath(BaseModel):
    name: str


class Page(BaseModel):
    limit: int = 20


def login_required(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def checked(*args: Any, **options: Any) -> Any:
        if "Authorization" not in request.headers:
            abort(401)
        return view(*args, **options)

    return checked


@app.get("/items")
def get_items(query: Page) -> Any:
    return {"limit": query.limit}


@app.post("/items")
def create_item(body: Item) -> Any:
    return body.model_dump()


@app.get("/items/<name>")
def get_item(path: ItemPath) -> Any:
    return {"name": path.name}


@app.delete("/items/<name>")
def delete_item(path: ItemPath) -> Any:
    return "", 204


@app.post("/mine")
@login_required
def create_mine(body: Item) -> Any:
    return body.model_dump()


@app.get("/folder/")
def get_folder() -> Any:
    return {}


@app.get("/old")
def get_old() -> Any:
    return redirect("/items")


@app.get("/shapes")
def get_shapes() -> Any:
    return {"zoo": "한글 é", "ant": [1, 2]}


@app.get("/time")
def get_time() -> Any:
    return {"at": datetime(2026, 2, 18, 3, 22, 56, 637891, tzinfo=UTC)}


@app.get("/infinite")
def get_infinite() -> Any:
    return {"value": float("nan")}


@app.get("/failure")
def get_failure() -> Any:
    raise RuntimeError("on purpose")
