from flask_openapi.blueprint import APIBlueprint

from ..openapi import error_responses, operation_id
from . import schemas, waits

bp = APIBlueprint("lab", __name__, operation_id_callback=operation_id, abp_tags=[{"name": "Lab"}])


@bp.get("/lab/blocking", responses={200: schemas.Recording, **error_responses(404, 422)})
def lab_blocking(query: schemas.Wait) -> schemas.Recording:
    """Wait by blocking a thread"""
    return waits.block(ms=query.ms)


@bp.get("/lab/async", responses={200: schemas.Recording, **error_responses(404, 422)})
async def lab_async(query: schemas.Wait) -> schemas.Recording:
    """Wait by awaiting a timer"""
    return await waits.wait(ms=query.ms)


@bp.get("/lab/stalled", responses={200: schemas.Recording, **error_responses(404, 422)})
async def lab_stalled(query: schemas.Wait) -> schemas.Recording:
    """Block in a coroutine, by mistake"""
    return await waits.stall(ms=query.ms)


@bp.get("/lab/gather", responses={200: schemas.Recording, **error_responses(404, 422)})
async def lab_gather(query: schemas.Gathering) -> schemas.Recording:
    """Wait many times within one request"""
    return await waits.gather(n=query.n, ms=query.ms, how=query.how)
