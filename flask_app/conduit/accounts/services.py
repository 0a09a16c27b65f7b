from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..errors import Conflict, Forbidden, NotFound, Unauthorized
from ..schemas import now
from . import queries, schemas
from .models import Follow, User
from .passwords import hash_password, verify_password
from .tokens import AccessToken, make_token


def with_token(user: User, token: str) -> schemas.User:
    """The user as signed in by the token."""
    return schemas.User(
        email=user.email, token=token, username=user.username, bio=user.bio, image=user.image
    )


def sign_in(user: User, session_id: str | None = None) -> schemas.User:
    """The user with a new token of the session; of a new session by default."""
    version = user.token_version
    return with_token(user, make_token(user_id=user.id, version=version, session_id=session_id))


def login(session: Session, *, email: str, password: str) -> schemas.User:
    user = session.scalar(queries.with_email(email))
    matches = verify_password(password, user.password if user else None)
    if user is None or not matches:
        raise Unauthorized(credentials="invalid")
    return sign_in(user)


def create_user(session: Session, *, username: str, email: str, password: str) -> schemas.User:
    hashed = hash_password(password)
    user = User(username=username, email=email, password=hashed, created_at=now())
    while True:
        try:
            with session.begin_nested():
                session.add(user)
            break
        except IntegrityError:
            refuse_taken(session, username=username, email=email)
    session.commit()
    return sign_in(user)


def update_user(session: Session, *, token: AccessToken, changes: dict[str, Any]) -> schemas.User:
    """Change what is given; a new password ends all sessions but the one that sets it."""
    if "password" in changes:
        changes["password"] = hash_password(changes["password"])
    user = session.scalar(
        queries.for_change(User.id == token.user_id), execution_options={"populate_existing": True}
    )
    if user is None or not user.accepts(token):  # another session has set a password meanwhile
        raise Unauthorized(token="is invalid")
    if "password" in changes:
        changes["token_version"] = user.token_version + 1
        changes["password_session_id"] = token.session_id
    while True:
        try:
            with session.begin_nested():
                for name, value in changes.items():
                    setattr(user, name, value)
            break
        except IntegrityError:
            names = {name: changes[name] for name in ("email", "username") if name in changes}
            refuse_taken(session, user_id=token.user_id, **names)
    session.commit()
    return sign_in(user, token.session_id)


def refuse_taken(session: Session, *, user_id: int = 0, **names: str) -> None:
    """Raise `Conflict` for each of the names that a user other than `user_id` has."""
    conditions = {"username": queries.has_username, "email": queries.has_email}
    taken = {}
    for field, name in names.items():
        others = select(User.id).where(conditions[field](name), User.id != user_id)
        if session.scalar(others) is not None:
            taken[field] = "has already been taken"
    if taken:
        raise Conflict(**taken)


def get_profile(session: Session, *, username: str, viewer: User | None) -> schemas.Profile:
    parameters = {"username": queries.fold(username), **queries.seen_by(viewer)}
    profile = session.execute(queries.profile_for_viewer(), parameters).one_or_none()
    if profile is None:
        raise NotFound(profile="not found")
    return schemas.Profile.model_validate(profile)


def follow_user(session: Session, *, username: str, user: User) -> schemas.Profile:
    followed = get_user_for_change(session, username)
    if followed.id == user.id:
        raise Forbidden(profile="forbidden")
    if session.scalar(queries.follow_of(user, followed)) is None:
        session.add(Follow(follower_id=user.id, followed_id=followed.id))
    session.commit()
    return profile_of(followed, following=True)


def unfollow_user(session: Session, *, username: str, user: User) -> schemas.Profile:
    followed = get_user_for_change(session, username)
    session.execute(
        delete(Follow).where(Follow.follower_id == user.id, Follow.followed_id == followed.id)
    )
    session.commit()
    return profile_of(followed, following=False)


def get_user_for_change(session: Session, username: str) -> User:
    user = session.scalar(queries.for_change(queries.has_username(username)))
    if user is None:
        raise NotFound(profile="not found")
    return user


def profile_of(user: User, *, following: bool) -> schemas.Profile:
    return schemas.Profile(
        username=user.username, bio=user.bio, image=user.image, following=following
    )
