"""Whether the service can work."""

from typing import Literal

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from .database import SessionDep
from .schemas import Answer

router = APIRouter()


class HealthResponse(Answer):
    status: Literal["ok", "unavailable"]


@router.get("/health", tags=["Health"], responses={503: {"model": HealthResponse}})
async def get_health(session: SessionDep, response: Response) -> HealthResponse:
    """Say whether the service can work"""
    if await database_answers(session):
        return HealthResponse(status="ok")
    response.status_code = 503
    return HealthResponse(status="unavailable")


async def database_answers(session: AsyncSession) -> bool:
    try:
        await session.execute(select(1))
    except SQLAlchemyError:
        return False
    return True
