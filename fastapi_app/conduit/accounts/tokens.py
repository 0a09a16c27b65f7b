"""Making and checking JSON Web Tokens: HS256, no leeway."""

import re
import time
from dataclasses import dataclass
from uuid import uuid4

import jwt

from ..errors import Unauthorized
from ..settings import Settings

ALGORITHM = "HS256"
CLAIMS = ["sub", "iat", "exp", "ver", "sid"]
MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token with a valid signature and time: its text and its claims."""

    text: str
    user_id: int
    version: int
    session_id: str


def make_token(
    settings: Settings, *, user_id: int, version: int, session_id: str | None = None
) -> str:
    """A token for the session, by default for a new one."""
    issued = int(time.time())
    claims = {
        "sub": str(user_id),
        "iat": issued,
        "exp": issued + settings.token_lifetime,
        "ver": version,
        "sid": session_id or uuid4().hex,
    }
    return jwt.encode(claims, settings.secret_key, ALGORITHM)


def read_token(settings: Settings, token: str) -> AccessToken:
    """The claims of the token; raises `Unauthorized`."""
    try:
        claims = jwt.decode(token, settings.secret_key, [ALGORITHM], options={"require": CLAIMS})
    except jwt.ExpiredSignatureError:
        raise Unauthorized(token="has expired") from None
    # PyJWT does not catch the errors of odd claims: infinite times, numbers with many digits.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise Unauthorized(token="is invalid") from None
    subject, version, session_id = claims["sub"], claims["ver"], claims["sid"]
    if not re.fullmatch("[1-9][0-9]{0,18}", subject) or int(subject) > MAX_ID:
        raise Unauthorized(token="is invalid")
    if type(version) is not int:
        raise Unauthorized(token="is invalid")
    if not isinstance(session_id, str) or not re.fullmatch("[0-9a-f]{32}", session_id):
        raise Unauthorized(token="is invalid")
    return AccessToken(token, int(subject), version, session_id)


def read_credentials(authorization: str | None) -> str:
    """The token of an `Authorization` header: `Token <jwt>` or `Bearer <jwt>`."""
    if not authorization:
        raise Unauthorized(token="is missing")
    parts = authorization.split()
    if len(parts) != 2 or parts[0].lower() not in {"token", "bearer"}:
        raise Unauthorized(token="is invalid")
    return parts[1]
