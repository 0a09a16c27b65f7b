"""Whether the service can work."""

import logging
from typing import Literal

from anyio import CapacityLimiter, fail_after
from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from .database import make_engine
from .docs import answers
from .schemas import Answer
from .settings import Settings, SettingsDep

log = logging.getLogger("conduit.health")

# One asks at a time, so that asking often takes no more than one connection.
asking = CapacityLimiter(1)

router = APIRouter()


class HealthResponse(Answer):
    status: Literal["ok", "unavailable"]


@router.get("/health", tags=["Health"], responses={**answers(400), 503: {"model": HealthResponse}})
async def get_health(settings: SettingsDep, response: Response) -> HealthResponse:
    """Say whether the service can work"""
    if await database_answers(settings):
        return HealthResponse(status="ok")
    response.status_code = 503
    return HealthResponse(status="unavailable")


async def database_answers(settings: Settings) -> bool:
    """Whether it does, on a connection of its own: the pool may be busy, or wait itself."""
    timeout = settings.database_timeout
    try:
        with fail_after(timeout or None):
            await asking.acquire()
    except TimeoutError:
        return False
    try:
        async with make_engine(settings.database_url, timeout=timeout).connect() as database:
            await database.execute(select(1))
    except SQLAlchemyError as error:
        log.warning("health: %s", str(error).partition("\n")[0])
        return False
    finally:
        asking.release()
    return True
