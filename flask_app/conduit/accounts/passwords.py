"""Argon2id hashes as PHC strings, with the same parameters in the three apps."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from flask import current_app

from ..errors import Unavailable

# Each hash needs 64 MiB and much processor time.
MAX_CONCURRENT = os.cpu_count() or 1
SLOT_TIMEOUT = 5  # seconds

hashing_slots = threading.BoundedSemaphore(MAX_CONCURRENT)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Wait until fewer than `MAX_CONCURRENT` hashes are running; raises `Unavailable`."""
    if not hashing_slots.acquire(timeout=SLOT_TIMEOUT):
        waited = TimeoutError(f"no slot to hash a password within {SLOT_TIMEOUT} seconds")
        raise Unavailable(server="unavailable") from waited
    try:
        yield
    finally:
        hashing_slots.release()


@cache
def make_hasher(strength: str) -> PasswordHasher:
    profile = RFC_9106_LOW_MEMORY if strength == "strong" else CHEAPEST
    return PasswordHasher.from_parameters(profile)


def get_hasher() -> PasswordHasher:
    return make_hasher(current_app.config["PASSWORD_HASHING"])


@cache
def unused_hash(hasher: PasswordHasher) -> str:
    """The hash to compare with if there is no user, so that a login takes as long."""
    return hasher.hash("nobody's password")


def hash_password(password: str) -> str:
    with hashing_slot():
        return get_hasher().hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether `hashed` is the hash of `password`; without a hash it takes as long."""
    hasher = get_hasher()
    try:
        with hashing_slot():
            return hasher.verify(hashed or unused_hash(hasher), password) and hashed is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
