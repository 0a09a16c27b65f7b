"""Authentication: dependencies that a handler names in its signature."""

from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from ..database import ReadSession, SessionsDep
from ..errors import Unauthorized
from ..settings import Settings, SettingsDep
from .models import User
from .tokens import AccessToken, make_token, read_credentials, read_token

token_header = APIKeyHeader(
    name="Authorization",
    scheme_name="Token",
    description="`Token <jwt>` or `Bearer <jwt>`",
    auto_error=False,
)
Authorization = Annotated[str | None, Security(token_header)]


async def authenticate(session: AsyncSession, token: AccessToken) -> User:
    """The user that the token was made for; raises `Unauthorized`."""
    user = await session.get(User, token.user_id)
    if user is None or not user.accepts(token):
        raise Unauthorized(token="is invalid")
    return user


def issue_token(settings: Settings, user: User, session_id: str | None = None) -> str:
    """A new token for the user, for this session or for a new one."""
    return make_token(settings, user_id=user.id, version=user.token_version, session_id=session_id)


async def get_token(authorization: Authorization, settings: SettingsDep) -> AccessToken:
    return read_token(settings, read_credentials(authorization))


Token = Annotated[AccessToken, Depends(get_token)]


async def get_current_user(connection: HTTPConnection, token: Token, sessions: SessionsDep) -> User:
    """The user of the token, who belongs to no session: a change needs `session.merge(user)`."""
    # In a separate session, which returns its connection before a write takes one.
    async with sessions.reading() as session:
        user = await authenticate(session, token)
    connection.state.user_id = user.id
    return user


async def get_viewer(
    authorization: Authorization, settings: SettingsDep, session: ReadSession
) -> User | None:
    """The user, or None without a token; a bad token is refused."""
    if not authorization:
        return None
    user = await authenticate(session, read_token(settings, read_credentials(authorization)))
    await session.commit()  # returns the connection before a write takes one
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
Viewer = Annotated[User | None, Depends(get_viewer, scope="function")]
