from typing import Any

from django.contrib.auth import user_login_failed
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from psycopg.errors import DeadlockDetected

from ..articles.models import Article, Favorite
from ..articles.services import delete_articles, delete_favorites, lock_articles
from ..comments.models import Comment
from ..comments.services import delete_comments
from ..database import release_connection
from ..database.constraints import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, is_unique_violation
from ..errors import Conflict, Forbidden, NotFound, Unauthorized, Unavailable
from ..live import events
from .models import User
from .tokens import AccessToken

# A removal locks a user and waits for an article; a writer can have locked this article and wait
# for this user. PostgreSQL then ends one of the two.
MAX_REMOVAL_ATTEMPTS = 5


def login(*, email: str, password: str) -> User:
    user = User.objects.with_email(email).filter(is_active=True).first()
    release_connection()  # hold none while a password is hashed
    if user is None:
        make_password(password)  # so that it takes as long as with a user
    if user is None or not user.check_password(password):
        credentials = {"username": email}
        user_login_failed.send(sender=__name__, credentials=credentials, request=None)
        raise Unauthorized(credentials="invalid")
    return user


def create_user(*, username: str, email: str, password: str) -> User:
    user = User(username=username, email=email)
    release_connection()
    user.set_password(password)
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                user.save()
            return user
        except IntegrityError as error:
            refuse_taken(error, username=username, email=email)
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


def update_user(*, token: AccessToken, changes: dict[str, Any]) -> User:
    """Change the given fields; a new password ends all other sessions."""
    if "password" in changes:
        release_connection()
        changes = {**changes, "password": make_password(changes["password"])}
    for _ in range(MAX_ATTEMPTS):
        try:
            return save_changes(token, changes)
        except IntegrityError as error:
            names = {name: changes[name] for name in ("email", "username") if name in changes}
            refuse_taken(error, user_id=token.user_id, **names)
    raise Unavailable(server="unavailable") from RuntimeError(TOO_MANY_ATTEMPTS)


@transaction.atomic
def save_changes(token: AccessToken, changes: dict[str, Any]) -> User:
    user = User.objects.for_change().filter(pk=token.user_id).first()
    if user is None or not user.accepts(token):  # another session has changed the password
        raise Unauthorized(token="is invalid")
    for name, value in changes.items():
        setattr(user, name, value)
    if "password" in changes:
        user.token_version += 1
        user.password_session_id = token.session_id
    user.save()
    return user


def remove_users(users: QuerySet[User]) -> None:
    """Delete users with their articles, comments and favorites, and record the events."""
    ids = list(users.values_list("pk", flat=True))
    for attempt in range(1, MAX_REMOVAL_ATTEMPTS + 1):
        try:
            remove_with_content(ids)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected) or attempt == MAX_REMOVAL_ATTEMPTS:
                raise


@transaction.atomic
def remove_with_content(ids: list[int]) -> None:
    """Delete these users in one transaction, which a deadlock can end."""
    articles = Article.objects.filter(author__in=ids)
    comments = Comment.objects.filter(author__in=ids).exclude(article__in=articles)
    favorites = Favorite.objects.filter(user__in=ids).exclude(article__in=articles)
    # A union, since for conditions joined by OR the database would read all articles.
    owned = articles.values("pk").union(comments.values("article"), favorites.values("article"))
    lock_articles(Article.objects.filter(pk__in=owned))
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk"))  # they cannot write
    lock_articles(Article.objects.filter(pk__in=owned))  # those that they wrote before the lock
    removed = [
        *delete_comments(comments),
        *delete_favorites(favorites),
        *delete_articles(articles),
    ]
    User.objects.filter(pk__in=ids).delete()
    events.record_all(removed)


def refuse_taken(error: IntegrityError, *, user_id: int = 0, **names: str) -> None:
    """Raise `Conflict` with all the names that a user other than `user_id` has.

    Returns if the other user no longer has the name; raises any other error again.
    """
    if not is_unique_violation(error, "users_username_key", "users_email_key"):
        raise error
    others = User.objects.exclude(pk=user_id)
    conditions = {"username": others.with_username, "email": others.with_email}
    taken = {
        field: "has already been taken"
        for field, name in names.items()
        if conditions[field](name).exists()
    }
    if taken:
        raise Conflict(**taken)


def get_profile(*, username: str, viewer: User | AnonymousUser) -> User:
    profile = User.objects.for_viewer(viewer).with_username(username).first()
    if profile is None:
        raise NotFound(profile="not found")
    return profile


@transaction.atomic
def follow_user(*, username: str, user: User) -> User:
    followed = get_user_for_change(username)
    if followed == user:
        raise Forbidden(profile="forbidden")
    user.follows.get_or_create(followed=followed)
    return get_profile(username=username, viewer=user)


@transaction.atomic
def unfollow_user(*, username: str, user: User) -> User:
    followed = get_user_for_change(username)
    user.follows.filter(followed=followed).delete()
    return get_profile(username=username, viewer=user)


def get_user_for_change(username: str) -> User:
    """The user, locked until the commit; raises `NotFound`."""
    user = User.objects.for_change().with_username(username).first()
    if user is None:
        raise NotFound(profile="not found")
    return user
