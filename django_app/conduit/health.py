"""Whether the service can work."""

from typing import Literal

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest
from ninja import Router, Status

from .schemas import Answer

router = Router(by_alias=True)


class HealthResponse(Answer):
    status: Literal["ok", "unavailable"]


@router.get("/health", tags=["Health"], response={200: HealthResponse, 503: HealthResponse})
def get_health(request: HttpRequest) -> HealthResponse | Status[HealthResponse]:
    """Say whether the service can work"""
    if database_answers():
        return HealthResponse(status="ok")
    return Status(503, HealthResponse(status="unavailable"))


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True
