"""Argon2id hashes as PHC strings, with the same parameters in the three apps."""

import os
from collections.abc import Callable
from functools import cache

from anyio import CapacityLimiter, fail_after, to_thread
from anyio.lowlevel import RunVar
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from ..errors import Unavailable
from ..settings import Settings

# Each hash needs 64 MiB and much processor time.
MAX_CONCURRENT = os.cpu_count() or 1
SLOT_TIMEOUT = 5  # seconds

limiter: RunVar[CapacityLimiter] = RunVar("limiter of passwords")  # one for each event loop


async def run_hasher[*A, T](function: Callable[[*A], T], *args: *A) -> T:
    """Call the function in a thread, when fewer than `MAX_CONCURRENT` calls are running.

    Raises `Unavailable` if the wait takes too long.
    """
    try:
        hashing_slots = limiter.get()
    except LookupError:
        limiter.set(hashing_slots := CapacityLimiter(MAX_CONCURRENT))
    try:
        with fail_after(SLOT_TIMEOUT):
            return await to_thread.run_sync(function, *args, limiter=hashing_slots)
    except TimeoutError:
        cause = TimeoutError(f"no slot to hash a password within {SLOT_TIMEOUT} seconds")
        raise Unavailable(server="unavailable") from cause


@cache
def make_hasher(strength: str) -> PasswordHasher:
    profile = RFC_9106_LOW_MEMORY if strength == "strong" else CHEAPEST
    return PasswordHasher.from_parameters(profile)


def get_hasher(settings: Settings) -> PasswordHasher:
    return make_hasher(settings.password_hashing)


@cache
def unused_hash(hasher: PasswordHasher) -> str:
    """The hash to compare with if there is no user, so that a login takes as long."""
    return hasher.hash("nobody's password")


async def hash_password(password: str, settings: Settings) -> str:
    return await run_hasher(get_hasher(settings).hash, password)


async def verify_password(password: str, hashed: str | None, settings: Settings) -> bool:
    """Whether `hashed` is the hash of `password`; without a hash it takes as long."""
    return await run_hasher(verify, get_hasher(settings), password, hashed)


def verify(hasher: PasswordHasher, password: str, hashed: str | None) -> bool:
    try:
        return hasher.verify(hashed or unused_hash(hasher), password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
