from typing import Annotated

from fastapi import APIRouter, Query

from ..openapi import error_responses
from . import schemas, waits

router = APIRouter(tags=["Lab"])


@router.get("/lab/blocking", responses=error_responses(404, 422))
def lab_blocking(query: Annotated[schemas.Wait, Query()]) -> schemas.Recording:
    """Wait by blocking a thread"""
    return waits.block(ms=query.ms)


@router.get("/lab/async", responses=error_responses(404, 422))
async def lab_async(query: Annotated[schemas.Wait, Query()]) -> schemas.Recording:
    """Wait by awaiting a timer"""
    return await waits.wait(ms=query.ms)


@router.get("/lab/stalled", responses=error_responses(404, 422))
async def lab_stalled(query: Annotated[schemas.Wait, Query()]) -> schemas.Recording:
    """Block in a coroutine, by mistake"""
    return await waits.stall(ms=query.ms)


@router.get("/lab/gather", responses=error_responses(404, 422))
async def lab_gather(query: Annotated[schemas.Gathering, Query()]) -> schemas.Recording:
    """Wait many times within one request"""
    return await waits.gather(n=query.n, ms=query.ms, how=query.how)
