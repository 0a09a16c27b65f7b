"""Making and checking JSON Web Tokens: HS256, no leeway."""

import re
import time

import jwt
from django.conf import settings

from ..errors import Unauthorized

ALGORITHM = "HS256"
CLAIMS = ["sub", "iat", "exp", "ver"]
LARGEST_ID = 2**63 - 1


def make_token(*, user_id: int, version: int) -> str:
    """A token that is good until its time has passed or the user's version has moved on."""
    issued = int(time.time())
    claims = {
        "sub": str(user_id),
        "iat": issued,
        "exp": issued + settings.TOKEN_LIFETIME,
        "ver": version,
    }
    return jwt.encode(claims, settings.SECRET_KEY, ALGORITHM)


def read_token(token: str) -> tuple[int, int]:
    """The user's id and token version that the token states; raises `Unauthorized`."""
    try:
        claims = jwt.decode(token, settings.SECRET_KEY, [ALGORITHM], options={"require": CLAIMS})
    except jwt.ExpiredSignatureError:
        raise Unauthorized(token="has expired") from None
    # PyJWT lets the errors of odd claims through: infinite times, numbers of many digits.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise Unauthorized(token="is invalid") from None
    subject, version = claims["sub"], claims["ver"]
    if not re.fullmatch("[1-9][0-9]{0,18}", subject) or int(subject) > LARGEST_ID:
        raise Unauthorized(token="is invalid")
    if type(version) is not int:
        raise Unauthorized(token="is invalid")
    return int(subject), version


def read_credentials(authorization: str | None) -> str:
    """The token of an `Authorization` header: `Token <jwt>` or `Bearer <jwt>`."""
    if not authorization:
        raise Unauthorized(token="is missing")
    parts = authorization.split()
    if len(parts) != 2 or parts[0].lower() not in {"token", "bearer"}:
        raise Unauthorized(token="is invalid")
    return parts[1]
