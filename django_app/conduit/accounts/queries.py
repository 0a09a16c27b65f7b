from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Value
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


def lower_ascii(name: str) -> str:
    """`name` with ASCII letters in lower case; other letters are compared exactly."""
    return name.encode().lower().decode()


def followed_by(viewer: User | AnonymousUser, user_id: str) -> Combinable:
    """Whether the viewer follows the user whose id is in the field `user_id`."""
    if not viewer.is_authenticated:
        return Value(False, output_field=BooleanField())
    return Exists(viewer.follows.filter(followed=OuterRef(user_id)))


def with_following[Row: Any](row: Row) -> Row:
    """Copy the annotation of an article or a comment to its author, where the schema reads it."""
    row.author.following = row.author_followed
    return row


class UserQuerySet(QuerySet["User"]):
    def with_username(self, username: str) -> UserQuerySet:
        return self.filter(username__lower=lower_ascii(username))

    def with_email(self, email: str) -> UserQuerySet:
        return self.filter(email__lower=lower_ascii(email))

    def for_viewer(self, viewer: User | AnonymousUser) -> UserQuerySet:
        """Users with the annotation `following`: whether the viewer follows them."""
        return self.annotate(following=followed_by(viewer, "pk"))

    def for_change(self) -> UserQuerySet:
        """Users, locked until the commit."""
        return self.select_for_update(no_key=True)
