from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, select
from sqlalchemy.orm import Bundle

from .models import Follow, User


def fold(name: str) -> str:
    """`name` with its ASCII letters in lower case: names differ by more than that."""
    return name.encode().lower().decode()


def has_username(username: str) -> ColumnElement[bool]:
    return func.lower(User.username) == fold(username)


def has_email(email: str) -> ColumnElement[bool]:
    return func.lower(User.email) == fold(email)


def followed_by(viewer_id: int | None) -> ColumnElement[bool]:
    """Whether the viewer follows the user of the enclosing statement."""
    if viewer_id is None:
        return false()
    return exists().where(Follow.follower_id == viewer_id, Follow.followed_id == User.id)


def author_seen_by(viewer_id: int | None) -> Bundle[Any]:
    """The author's profile, as one member of a row."""
    following = followed_by(viewer_id).label("following")
    return Bundle("author", User.username, User.bio, User.image, following)


def profile_seen_by(viewer: User | None, username: str) -> Select[*tuple[Any, ...]]:
    following = followed_by(viewer.id if viewer else None).label("following")
    profile = select(User.username, User.bio, User.image, following)
    return profile.where(has_username(username))


def with_email(email: str) -> Select[User]:
    """The user who can sign in with the email."""
    return select(User).where(has_email(email), User.is_active)


def still_signed_in(user: User) -> ColumnElement[bool]:
    """Whether it is this user, and his tokens are as good as when he was read."""
    same_tokens = User.token_version == user.token_version
    return and_(User.id == user.id, User.is_active, same_tokens)


def for_change(username: str) -> Select[User]:
    """The user, held until the commit."""
    return select(User).where(has_username(username)).with_for_update(key_share=True)


def follow_of(follower: User, followed: User) -> Select[Follow]:
    return select(Follow).where(
        Follow.follower_id == follower.id, Follow.followed_id == followed.id
    )
