"""Handmade tokens: a valid one, and every kind of invalid one.

PyJWT is deliberately not used: the apps may use it, and it refuses to create the worst tokens.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def encode(data: bytes) -> str:
    """Base64url without padding, as in tokens."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part: str) -> Any:
    """The JSON value in a part of a token."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    claims: dict[str, Any] = decode(token.split(".")[1])
    return claims


def sign(head: str, payload: str, secret: str, algorithm: str = "HS256") -> str:
    """The token for two encoded parts."""
    text = f"{head}.{payload}"
    digest = hmac.digest(secret.encode(), text.encode(), HASHES[algorithm])
    return f"{text}.{encode(digest)}"


def make(claims: Any, secret: str, header: Any = None) -> str:
    """A token with any claims and header, signed with HS256 unless the header says otherwise."""
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    named = header.get("alg") if isinstance(header, dict) else None
    algorithm = named if isinstance(named, str) and named in HASHES else "HS256"
    return sign(
        encode(json.dumps(header).encode()), encode(json.dumps(claims).encode()), secret, algorithm
    )


def valid_claims(user_id: str, version: int, session_id: str = "0" * 32) -> dict[str, Any]:
    """The claims that an app would create."""
    now = int(time.time())
    return {"sub": user_id, "iat": now, "exp": now + 3600, "ver": version, "sid": session_id}
