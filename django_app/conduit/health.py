"""Whether the service works."""

import logging
import threading
from typing import Literal

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest
from ninja import Router, Status

from .openapi import error_responses
from .schemas import ResponseSchema

log = logging.getLogger("conduit.health")

# One check at a time, so that many checks use only one connection.
check_lock = threading.Lock()

router = Router(by_alias=True)


class HealthResponse(ResponseSchema):
    status: Literal["ok", "unavailable"]


@router.get(
    "/health",
    tags=["Health"],
    response={200: HealthResponse, **error_responses(400), 503: HealthResponse},
)
def get_health(request: HttpRequest) -> HealthResponse | Status[HealthResponse]:
    """Say whether the service can work"""
    if database_answers():
        return HealthResponse(status="ok")
    return Status(503, HealthResponse(status="unavailable"))


def database_answers() -> bool:
    """Whether the database responds, on a separate connection, because the pool may be busy."""
    if not check_lock.acquire(timeout=settings.DATABASE_TIMEOUT or -1):
        return False
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        else:
            pool = connection.settings_dict["OPTIONS"]["pool"]
            parameters = connection.get_connection_params()
            parameters.pop("pool", None)
            with pool["connection_class"].connect(**parameters) as database:
                database.execute("SELECT 1")
    except (DatabaseError, InterfaceError, psycopg.Error) as error:
        log.warning("health: %s", str(error).partition("\n")[0])
        return False
    finally:
        check_lock.release()
    return True
