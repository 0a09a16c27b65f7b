"""FastAPI."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response, Security
from fastapi.responses import RedirectResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

app = FastAPI(openapi_url=None)
Token = Annotated[str, Security(APIKeyHeader(name="Authorization"))]


@app.middleware("http")
async def mark(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["X-Marked"] = "yes"
    return response


class Item(BaseModel):
    name: str
    count: int


@app.get("/items")
async def get_items(limit: int = 20) -> Any:
    return {"limit": limit}


@app.post("/items")
async def create_item(item: Item) -> Any:
    return item


@app.get("/items/{name}")
async def get_item(name: str) -> Any:
    return {"name": name}


@app.delete("/items/{name}", status_code=204)
async def delete_item(name: str) -> None:
    return None


@app.post("/mine")
async def create_mine(item: Item, token: Token) -> Any:
    return item


@app.get("/folder/")
async def get_folder() -> Any:
    return {}


@app.get("/old")
async def get_old() -> Any:
    return RedirectResponse("/items")


@app.get("/shapes")
async def get_shapes() -> Any:
    return {"zoo": "한글 é", "ant": [1, 2]}


@app.get("/time")
async def get_time() -> Any:
    return {"at": datetime(2026, 2, 18, 3, 22, 56, 637891, tzinfo=UTC)}


@app.get("/infinite")
async def get_infinite() -> Any:
    return {"value": float("nan")}


@app.get("/failure")
async def get_failure() -> Any:
    raise RuntimeError("on purpose")
