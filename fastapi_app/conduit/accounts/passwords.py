"""Argon2id in PHC strings, with parameters that the three apps share."""

import os
from collections.abc import Callable
from functools import cache

from anyio import CapacityLimiter, fail_after
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from starlette.concurrency import run_in_threadpool

from ..errors import Unavailable
from ..settings import Settings

# Each takes 64 MiB and a processor.
MOST_AT_ONCE = os.cpu_count() or 1
TURN_TIMEOUT = 5  # seconds

turns = CapacityLimiter(MOST_AT_ONCE)


async def in_turn[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call it in a thread, when fewer passwords are hashed at once; raises `Unavailable`."""
    try:
        with fail_after(TURN_TIMEOUT):
            await turns.acquire()
    except TimeoutError:
        waited = TimeoutError(f"no turn to hash a password within {TURN_TIMEOUT} seconds")
        raise Unavailable(server="unavailable") from waited
    try:
        return await run_in_threadpool(function, *args, **kwargs)
    finally:
        turns.release()


@cache
def make_hasher(strength: str) -> PasswordHasher:
    profile = RFC_9106_LOW_MEMORY if strength == "strong" else CHEAPEST
    return PasswordHasher.from_parameters(profile)


def get_hasher(settings: Settings) -> PasswordHasher:
    return make_hasher(settings.password_hashing)


@cache
def unused_hash(hasher: PasswordHasher) -> str:
    """What a password is compared with where there is no user, so that it takes the same time."""
    return hasher.hash("nobody's password")


async def hash_password(password: str, settings: Settings) -> str:
    return await in_turn(get_hasher(settings).hash, password)


async def verify_password(password: str, hashed: str | None, settings: Settings) -> bool:
    """Whether `hashed` was made from `password`; without a hash the answer takes as long."""
    return await in_turn(verify, get_hasher(settings), password, hashed)


def verify(hasher: PasswordHasher, password: str, hashed: str | None) -> bool:
    try:
        return hasher.verify(hashed or unused_hash(hasher), password) and hashed is not None
    except (Argon2Error, InvalidHashError):
        return False
