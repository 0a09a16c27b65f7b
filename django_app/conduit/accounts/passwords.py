"""Argon2id in PHC strings, with parameters that the three apps share."""

from typing import Any

from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import models


class StrongArgon2id(Argon2PasswordHasher):
    time_cost = RFC_9106_LOW_MEMORY.time_cost
    memory_cost = RFC_9106_LOW_MEMORY.memory_cost
    parallelism = RFC_9106_LOW_MEMORY.parallelism


class FastArgon2id(Argon2PasswordHasher):
    time_cost = CHEAPEST.time_cost
    memory_cost = CHEAPEST.memory_cost
    parallelism = CHEAPEST.parallelism


class PasswordField(models.CharField):
    """Stores the PHC string alone: Django's hashers write their own name before it."""

    def from_db_value(self, value: str, *args: Any) -> str:
        return f"argon2{value}" if value.startswith("$argon2id$") else value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value).removeprefix("argon2")
