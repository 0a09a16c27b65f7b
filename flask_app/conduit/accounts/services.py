from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from ..clock import now
from ..database import AnyRow, db
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, is_unique_violation
from ..errors import Conflict, Forbidden, NotFound, Unauthorized, Unavailable
from . import queries
from .models import Follow, User
from .passwords import hash_password, verify_password
from .tokens import AccessToken


def login(*, email: str, password: str) -> User:
    user = db.session.scalar(queries.with_email(email))
    db.close()  # no connection is held while a password is hashed
    matches = verify_password(password, user.password if user else None)
    if user is None or not matches:
        raise Unauthorized(credentials="invalid")
    return user


def create_user(*, username: str, email: str, password: str) -> User:
    hashed = hash_password(password)
    user = User(password=hashed, created_at=now())
    with db.begin():
        save(user, username=username, email=email)
    return user


def update_user(*, token: AccessToken, changes: dict[str, Any]) -> User:
    """Change the given fields; a new password ends all other sessions."""
    changes = dict(changes)
    if "password" in changes:
        changes["password"] = hash_password(changes["password"])
    with db.begin():
        user = db.session.scalar(queries.for_change(User.id == token.user_id))
        if user is None or not user.accepts(token):  # another session has set a password
            raise Unauthorized(token="is invalid")
        if "password" in changes:
            changes["token_version"] = user.token_version + 1
            changes["password_session_id"] = token.session_id
        save(user, **changes)
    return user


def save(user: User, **changes: Any) -> None:
    """Write the user with the changes; raises `Conflict` if another user has a name."""
    user_id = user.id  # None for a new one
    names = {name: changes[name] for name in changes if name in ("username", "email")}
    for _ in range(MAX_ATTEMPTS):
        try:
            with db.session.begin_nested():
                for name, value in changes.items():
                    setattr(user, name, value)
                db.session.add(user)
            return
        except IntegrityError as error:
            if not is_unique_violation(error, "users_username_key", "users_email_key"):
                raise
            # Does not raise if the other user no longer has the name: then try again.
            refuse_taken(user_id=user_id, **names)
            if user_id is not None:
                db.session.refresh(user)  # the rollback has expired it
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


def refuse_taken(*, user_id: int | None, **names: str) -> None:
    """Raise `Conflict` with all the names that a user other than `user_id` has."""
    conditions = {"username": queries.has_username, "email": queries.has_email}
    taken = {}
    for field, name in names.items():
        others = select(User.id).where(conditions[field](name), User.id != user_id)
        if db.session.scalar(others) is not None:
            taken[field] = "has already been taken"
    if taken:
        raise Conflict(**taken)


def get_profile(*, username: str, viewer: User | None) -> AnyRow:
    parameters = {"username": queries.lower_ascii(username), **queries.seen_by(viewer)}
    profile = db.session.execute(queries.profile_for_viewer(), parameters).one_or_none()
    if profile is None:
        raise NotFound(profile="not found")
    return profile


def follow_user(*, username: str, user: User) -> AnyRow:
    with db.begin():
        followed = get_user_for_change(username)
        if followed.id == user.id:
            raise Forbidden(profile="forbidden")
        if db.session.scalar(queries.follow_of(user, followed)) is None:
            db.session.add(Follow(follower_id=user.id, followed_id=followed.id))
        return get_profile(username=username, viewer=user)


def unfollow_user(*, username: str, user: User) -> AnyRow:
    with db.begin():
        followed = get_user_for_change(username)
        db.session.execute(
            delete(Follow).where(Follow.follower_id == user.id, Follow.followed_id == followed.id)
        )
        return get_profile(username=username, viewer=user)


def get_user_for_change(username: str) -> User:
    """The user, locked until the commit; raises `NotFound`."""
    user = db.session.scalar(queries.for_change(queries.has_username(username)))
    if user is None:
        raise NotFound(profile="not found")
    return user
