"""Tokens as an attacker might make them, signed with the secret that the apps publish."""

import base64
import json
import warnings
from typing import Any

import jwt

# The secret of development, and the default lifetime.
SECRET = "conduit-development-secret-never-for-production"
LIFETIME = 2_592_000

PAST, FUTURE = 1_700_000_000, 4_000_000_000
CLAIMS = {"sub": "1", "iat": PAST, "exp": FUTURE, "ver": 1, "sid": "0" * 32}
HUGE = 10**400


def sign(payload: object, *, key: str = SECRET, **head: Any) -> str:
    """A token with any payload and head; `alg` names how it is signed."""
    algorithm = head.pop("alg", "HS256")
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with warnings.catch_warnings(action="ignore"):  # about keys that are short for a hash
        return jwt.PyJWS().encode(content, key if algorithm != "none" else None, algorithm, head)


def claim(**changes: Any) -> str:
    """A token with other claims; `...` leaves one out."""
    return sign({name: value for name, value in (CLAIMS | changes).items() if value is not ...})


def claims(name: str, *values: Any) -> list[str]:
    return [claim(**{name: value}) for value in values]


def text_claims(start: bytes) -> str:
    """A token with a payload that begins with this JSON, which no Python value is written as."""
    return sign(start + b',"ver":1,"sid":"00000000000000000000000000000000"}')


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


VALID = sign(CLAIMS)
GOOD = (
    VALID,
    claim(sub="2"),
    claim(sub="3", more="x"),
    claim(ver=2),
    sign(CLAIMS, typ="x", kid="../../x"),
    claim(jti="x", nbf=PAST),
    claim(exp=FUTURE + 0.5, iat=PAST + 0.5),
)
"""Valid, if the user with this id exists and has changed the password `ver` - 1 times."""
BAD = (
    *(claim(**{name: value}) for name in CLAIMS for value in (..., None)),
    *claims("sub", 1, "", "0", "01", " 1", "1 ", "-1", "+1", "1.0", "١", "a", [], {}, True),
    *claims("sub", "9" * 18, "9" * 19, "9" * 20, "9" * 5000, "1\n", "1_0", "999"),
    *claims("sid", 1, "", "0" * 31, "A" * 32, "0" * 32 + "\n", [], {}),
    *claims("ver", "1", 1.0, 1.5, True, False, 0, -1, 2**31, 2**63, HUGE, [], {}),
    *claims("exp", PAST, 0, -1, PAST + 0.5, str(FUTURE), "x", True, [], HUGE, 1e308),
    *claims("iat", FUTURE, str(PAST), "x", True, [], HUGE, -1, 0),
    *claims("nbf", FUTURE, "x", None),
    claim(aud="x"),
    claim(iss=1),
    text_claims(b'{"sub":"1","iat":1,"exp":1e999'),
    text_claims(b'{"sub":"1","iat":NaN,"exp":Infinity'),
    text_claims(b'{"sub":"2","sub":"1","iat":1,"exp":4000000000'),
    text_claims(b'{"sub":"\\ud800","iat":1,"exp":4000000000'),
    text_claims(b'{"sub":"1\\u0000","iat":1,"exp":4000000000'),
    *map(sign, (b"\xff", b"", b"[]", b"null", b"[" * 2000)),
    sign(CLAIMS, key="another-secret-that-is-long-enough-for-any-hash-function-of-the-family"),
    *(sign(CLAIMS, alg=name) for name in ("HS384", "HS512", "none")),
    sign(CLAIMS, crit=["x"]),
    sign(CLAIMS, b64=False, crit=["b64"]) + "x",
    f"{encode('[]')}.{encode('{}')}.x",
    f"{encode('null')}.e30.",
    *(f"{encode(head)}.e30.x" for head in ('{"alg":1}', '{"alg":null}', "{}", '{"alg":"hs256"}')),
    f"{encode('{"alg":"HS256"}')}.{encode('{"sub":"1"}')}.",
    *(VALID + "=", VALID + ".x", VALID.replace(".", ".."), VALID[:-1], "." + VALID),
    *("..", "x", "x" * 7000, "\xe9.\xe9.\xe9", "null", "undefined"),
)
