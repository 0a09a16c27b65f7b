"""Tokens as an attacker might make them, signed with the public secret of development."""

import base64
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import jwt

from compare.prove.parity.engine.bodies import write_object
from compare.prove.parity.engine.stories import fill
from compare.prove.parity.values import DATA

# The secret of development, and the default lifetime.
SECRET = "conduit-development-secret-never-for-production"
LIFETIME = 2_592_000
OTHER_SECRET = "another-secret-that-is-long-enough-for-any-hash-function-of-the-family"
CLAIMS = {"sub": "1", "iat": 1_700_000_000, "exp": 4_000_000_000, "ver": 1, "sid": "0" * 32}


def sign(payload: str, head: dict[str, Any] | None = None, key: str = SECRET) -> str:
    """A token with any payload and head; `alg` in the head says how it is signed."""
    algorithm = (head or {}).get("alg", "HS256")
    content = fill(payload, {}).encode(errors="surrogateescape")
    with warnings.catch_warnings(action="ignore"):  # about keys that are short for a hash
        return jwt.PyJWS().encode(content, "" if algorithm == "none" else key, algorithm, head)


def with_claims(claims: Mapping[str, Any]) -> str:
    return write_object(claims.items())


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def bad_tokens() -> Iterator[str]:
    tokens = DATA["tokens"]
    for name in CLAIMS:
        yield sign(with_claims({key: value for key, value in CLAIMS.items() if key != name}))
    for name, values in tokens["bad_claims"].items():
        for value in values:
            yield sign(with_claims({**CLAIMS, name: value}))
    for head in tokens["bad_heads"]:
        yield sign(VALID, head)
    for payload in tokens["bad_payloads"]:
        yield sign(payload)
    for text in tokens["unsigned_heads"]:
        yield f"{encode(text)}.{encode(VALID)}.x"
    for template in tokens["bad_changes"]:
        yield template.replace("<token>", sign(VALID))
    yield sign(VALID, key=OTHER_SECRET)


VALID = with_claims(CLAIMS)
GOOD = [
    *(sign(with_claims({**CLAIMS, **changes})) for changes in DATA["tokens"]["good_claims"]),
    *(sign(VALID, head) for head in DATA["tokens"]["good_heads"]),
]
"""Valid, if the user with this id exists and has changed the password `ver` - 1 times."""
BAD = list(bad_tokens())
