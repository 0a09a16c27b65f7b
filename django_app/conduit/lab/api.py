from django.http import HttpRequest
from ninja import Query, Router

from ..openapi import error_responses
from . import schemas, waits

router = Router(by_alias=True, tags=["Lab"])


@router.get("/lab/blocking", response={200: schemas.Recording, **error_responses(404, 422)})
def lab_blocking(request: HttpRequest, query: Query[schemas.Wait]) -> schemas.Recording:
    """Wait by blocking a thread"""
    return waits.block(ms=query.ms)


@router.get("/lab/async", response={200: schemas.Recording, **error_responses(404, 422)})
async def lab_async(request: HttpRequest, query: Query[schemas.Wait]) -> schemas.Recording:
    """Wait by awaiting a timer"""
    return await waits.wait(ms=query.ms)


@router.get("/lab/stalled", response={200: schemas.Recording, **error_responses(404, 422)})
async def lab_stalled(request: HttpRequest, query: Query[schemas.Wait]) -> schemas.Recording:
    """Block in a coroutine, by mistake"""
    return await waits.stall(ms=query.ms)


@router.get("/lab/gather", response={200: schemas.Recording, **error_responses(404, 422)})
async def lab_gather(request: HttpRequest, query: Query[schemas.Gathering]) -> schemas.Recording:
    """Wait many times within one request"""
    return await waits.gather(n=query.n, ms=query.ms, how=query.how)
