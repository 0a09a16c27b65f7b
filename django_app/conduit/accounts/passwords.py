"""Argon2id hashes as PHC strings, with the same parameters in the three apps."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import models

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


class Argon2id(Argon2PasswordHasher):
    """Django's hasher, limited to as many hashes at a time as there are processors."""

    def encode(self, password: str, salt: str) -> str:
        with hashing_slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with hashing_slot():
            return super().verify(password, encoded)


class StrongArgon2id(Argon2id):
    time_cost = RFC_9106_LOW_MEMORY.time_cost
    memory_cost = RFC_9106_LOW_MEMORY.memory_cost
    parallelism = RFC_9106_LOW_MEMORY.parallelism


class FastArgon2id(Argon2id):
    time_cost = CHEAPEST.time_cost
    memory_cost = CHEAPEST.memory_cost
    parallelism = CHEAPEST.parallelism


class PasswordField(models.CharField):
    """Stores the PHC string without the name that Django's hashers write before it."""

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        return f"argon2{value}" if value and value.startswith("$argon2id$") else value

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else super().get_prep_value(value).removeprefix("argon2")
