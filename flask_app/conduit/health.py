"""Whether the service can work."""

from typing import Literal

from flask_openapi.blueprint import APIBlueprint
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from .database import session
from .docs import operation_id
from .schemas import Answer

bp = APIBlueprint("health", __name__, operation_id_callback=operation_id)


class HealthResponse(Answer):
    status: Literal["ok", "unavailable"]


@bp.get("/health", tags=[{"name": "Health"}], responses={200: HealthResponse, 503: HealthResponse})
def get_health() -> HealthResponse | tuple[HealthResponse, int]:
    """Say whether the service can work"""
    if database_answers():
        return HealthResponse(status="ok")
    return HealthResponse(status="unavailable"), 503


def database_answers() -> bool:
    try:
        session.execute(select(1))
    except SQLAlchemyError:
        return False
    return True
