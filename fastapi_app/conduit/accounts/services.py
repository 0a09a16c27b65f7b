from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..database import AnyRow, Sessions
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, is_unique_violation
from ..errors import Conflict, Forbidden, NotFound, Unauthorized, Unavailable
from ..settings import Settings
from . import queries
from .models import Follow, User
from .passwords import hash_password, verify_password
from .tokens import AccessToken


async def login(sessions: Sessions, *, settings: Settings, email: str, password: str) -> User:
    async with sessions.reading() as session:  # closed before a password is hashed
        user: User | None = await session.scalar(queries.with_email(email))
    matches = await verify_password(password, user.password if user else None, settings)
    if user is None or not matches:
        raise Unauthorized(credentials="invalid")
    return user


async def create_user(
    session: AsyncSession, *, settings: Settings, username: str, email: str, password: str
) -> User:
    hashed = await hash_password(password, settings)
    user = User(password=hashed, created_at=now())
    await save(session, user, username=username, email=email)
    return user


async def update_user(
    session: AsyncSession, *, settings: Settings, token: AccessToken, changes: dict[str, Any]
) -> User:
    """Change the given fields; a new password ends all other sessions."""
    changes = dict(changes)
    if "password" in changes:
        changes["password"] = await hash_password(changes["password"], settings)
    user = await session.scalar(queries.for_change(User.id == token.user_id))
    if user is None or not user.accepts(token):  # another session has set a password
        raise Unauthorized(token="is invalid")
    if "password" in changes:
        changes["token_version"] = user.token_version + 1
        changes["password_session_id"] = token.session_id
    await save(session, user, **changes)
    return user


async def save(session: AsyncSession, user: User, **changes: Any) -> None:
    """Write the user with the changes; raises `Conflict` if another user has a name."""
    user_id = user.id  # None for a new one
    names = {name: changes[name] for name in changes if name in ("username", "email")}
    for _ in range(MAX_ATTEMPTS):
        try:
            async with session.begin_nested():
                for name, value in changes.items():
                    setattr(user, name, value)
                session.add(user)
            return
        except IntegrityError as error:
            if not is_unique_violation(error, "users_username_key", "users_email_key"):
                raise
            # Does not raise if the other user no longer has the name: then try again.
            await refuse_taken(session, user_id=user_id, **names)
            if user_id is not None:
                await session.refresh(user)  # the rollback has expired it
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


async def refuse_taken(session: AsyncSession, *, user_id: int | None, **names: str) -> None:
    """Raise `Conflict` with all the names that a user other than `user_id` has."""
    conditions = {"username": queries.has_username, "email": queries.has_email}
    taken = {}
    for field, name in names.items():
        others = select(User.id).where(conditions[field](name), User.id != user_id)
        if await session.scalar(others) is not None:
            taken[field] = "has already been taken"
    if taken:
        raise Conflict(**taken)


async def get_profile(session: AsyncSession, *, username: str, viewer: User | None) -> AnyRow:
    parameters = {"username": queries.lower_ascii(username), **queries.seen_by(viewer)}
    profile = (await session.execute(queries.profile_for_viewer(), parameters)).one_or_none()
    if profile is None:
        raise NotFound(profile="not found")
    return profile


async def follow_user(session: AsyncSession, *, username: str, user: User) -> AnyRow:
    followed = await get_user_for_change(session, username)
    if followed.id == user.id:
        raise Forbidden(profile="forbidden")
    if await session.scalar(queries.follow_of(user, followed)) is None:
        session.add(Follow(follower_id=user.id, followed_id=followed.id))
    return await get_profile(session, username=username, viewer=user)


async def unfollow_user(session: AsyncSession, *, username: str, user: User) -> AnyRow:
    followed = await get_user_for_change(session, username)
    await session.execute(
        delete(Follow).where(Follow.follower_id == user.id, Follow.followed_id == followed.id)
    )
    return await get_profile(session, username=username, viewer=user)


async def get_user_for_change(session: AsyncSession, username: str) -> User:
    """The user, locked until the commit; raises `NotFound`."""
    user = await session.scalar(queries.for_change(queries.has_username(username)))
    if user is None:
        raise NotFound(profile="not found")
    return user
