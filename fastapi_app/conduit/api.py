"""Mounts every domain under `/api`, in the contract's order."""

from typing import Literal

from fastapi import APIRouter, Response

from . import docs
from .accounts.api import router as accounts
from .articles.api import router as articles
from .check import database_answers
from .comments.api import router as comments
from .database import SessionDep
from .schemas import Wire

router = APIRouter()


class HealthResponse(Wire):
    status: Literal["ok", "unavailable"]


@router.get("/health", tags=["Health"], responses={503: {"model": HealthResponse}})
async def get_health(session: SessionDep, response: Response) -> HealthResponse:
    """Say whether the service can work"""
    if await database_answers(session):
        return HealthResponse(status="ok")
    response.status_code = 503
    return HealthResponse(status="unavailable")


api = APIRouter(prefix="/api")
for part in (accounts, articles, comments, router, docs.router):
    api.include_router(part)
