"""Argon2id in PHC strings, with parameters that the three apps share."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from ..settings import get_settings


@cache
def get_hasher() -> PasswordHasher:
    strong = get_settings().password_hashing == "strong"
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY if strong else CHEAPEST)


def hash_password(password: str) -> str:
    return get_hasher().hash(password)


@cache
def unused_hash() -> str:
    """What the password of nobody is compared with, so that it takes the same time."""
    return hash_password("nobody's password")


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether `hashed` was made from `password`; of no hash it takes as long to say no."""
    try:
        return get_hasher().verify(hashed or unused_hash(), password) and hashed is not None
    except (Argon2Error, InvalidHashError):
        return False
