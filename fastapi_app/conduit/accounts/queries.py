from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import Bundle

from ..database.columns import BigKey
from .models import Follow, User

# A parameter, so that a statement is built once for all viewers. A list by an author takes 0.6 ms
# with the cached statement, and 3.0 ms if it is built for each call (SQLite, one call).
VIEWER_ID = bindparam("viewer_id", type_=BigKey)


def seen_by(viewer: User | None) -> dict[str, int | None]:
    """The parameter for the viewer: without a viewer NULL, which is equal to no id."""
    return {"viewer_id": viewer.id if viewer else None}


def lower_ascii(name: str) -> str:
    """`name` with ASCII letters in lower case; other letters are compared exactly."""
    return name.encode().lower().decode()


def is_named(folded: BindParameter[str] | str) -> ColumnElement[bool]:
    """Whether the user has the name, which is already in lower case."""
    return func.lower(User.username) == folded


def has_username(username: str) -> ColumnElement[bool]:
    return is_named(lower_ascii(username))


def has_email(email: str) -> ColumnElement[bool]:
    return func.lower(User.email) == lower_ascii(email)


def followed_by_viewer() -> ColumnElement[bool]:
    """Whether the viewer follows the user of the enclosing statement."""
    return exists().where(Follow.follower_id == VIEWER_ID, Follow.followed_id == User.id)


def author_for_viewer() -> Bundle[Any]:
    """The author's profile, as one member of a row."""
    following = followed_by_viewer().label("following")
    return Bundle("author", User.username, User.bio, User.image, following)


@cache
def profile_for_viewer() -> Select[*tuple[Any, ...]]:
    """The profile of the user in the parameter `username`, a name in lower case."""
    following = followed_by_viewer().label("following")
    profile = select(User.username, User.bio, User.image, following)
    return profile.where(is_named(bindparam("username")))


def with_email(email: str) -> Select[User]:
    """The user who can sign in with the email."""
    return select(User).where(has_email(email), User.is_active)


def for_change(condition: ColumnElement[bool]) -> Select[User]:
    """The user that meets the condition, locked until the commit."""
    return select(User).where(condition).with_for_update(key_share=True)


def follow_of(follower: User, followed: User) -> Select[Follow]:
    return select(Follow).where(
        Follow.follower_id == follower.id, Follow.followed_id == followed.id
    )
