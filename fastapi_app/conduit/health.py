"""Whether the service works."""

import logging
from typing import Literal

from anyio import CapacityLimiter, fail_after
from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from .database.engine import make_engine
from .openapi import error_responses
from .schemas import ResponseSchema
from .settings import Settings, SettingsDep

log = logging.getLogger("conduit.health")

router = APIRouter()


class HealthResponse(ResponseSchema):
    status: Literal["ok", "unavailable"]


@router.get(
    "/health", tags=["Health"], responses={**error_responses(400), 503: {"model": HealthResponse}}
)
async def get_health(request: Request, settings: SettingsDep, response: Response) -> HealthResponse:
    """Say whether the service can work"""
    if await database_answers(settings, request.app.state.health_check):
        return HealthResponse(status="ok")
    response.status_code = 503
    return HealthResponse(status="unavailable")


async def database_answers(settings: Settings, limiter: CapacityLimiter) -> bool:
    """Whether the database responds, on a separate connection, because the pool may be busy.

    One check runs at a time, so that many checks use only one connection.
    """
    timeout = settings.database_timeout
    try:
        with fail_after(timeout or None):
            await limiter.acquire()
    except TimeoutError:
        return False
    try:
        async with make_engine(settings.database_url, timeout=timeout).connect() as database:
            await database.execute(select(1))
    except SQLAlchemyError as error:
        log.warning("health: %s", str(error).partition("\n")[0])
        return False
    finally:
        limiter.release()
    return True
