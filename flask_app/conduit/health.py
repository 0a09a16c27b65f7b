"""Whether the service works."""

import logging
import threading
from typing import Literal

from flask import current_app
from flask_openapi.blueprint import APIBlueprint
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from .database.engine import make_engine
from .openapi import error_responses, operation_id
from .schemas import ResponseSchema

log = logging.getLogger("conduit.health")

# One check at a time, so that many checks use only one connection.
check_lock = threading.Lock()

bp = APIBlueprint("health", __name__, operation_id_callback=operation_id)


class HealthResponse(ResponseSchema):
    status: Literal["ok", "unavailable"]


@bp.get(
    "/health",
    tags=[{"name": "Health"}],
    responses={200: HealthResponse, **error_responses(400), 503: HealthResponse},
)
def get_health() -> HealthResponse | tuple[HealthResponse, int]:
    """Say whether the service can work"""
    if database_answers():
        return HealthResponse(status="ok")
    return HealthResponse(status="unavailable"), 503


def database_answers() -> bool:
    """Whether the database responds, on a separate connection, because the pool may be busy."""
    timeout = current_app.config["DATABASE_TIMEOUT"]
    if not check_lock.acquire(timeout=timeout or -1):
        return False
    try:
        with make_engine(current_app.config["DATABASE_URL"], timeout=timeout).connect() as database:
            database.execute(select(1))
    except SQLAlchemyError as error:
        log.warning("health: %s", str(error).partition("\n")[0])
        return False
    finally:
        check_lock.release()
    return True
