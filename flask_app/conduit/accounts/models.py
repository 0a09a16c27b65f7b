from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Identity,
    Index,
    String,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..database.columns import Base, BigKey, cascade
from .tokens import AccessToken


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    username: Mapped[str] = mapped_column(String(64))
    password: Mapped[str] = mapped_column(String(128))
    bio: Mapped[str | None] = mapped_column(String(1000))
    image: Mapped[str | None] = mapped_column(String(2000))
    token_version: Mapped[int] = mapped_column(server_default=text("1"))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    is_staff: Mapped[bool] = mapped_column(server_default=false())
    is_superuser: Mapped[bool] = mapped_column(server_default=false())
    last_login: Mapped[datetime | None]
    created_at: Mapped[datetime]
    password_session_id: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        Index("users_email_key", func.lower(text("email")), unique=True),
        Index("users_username_key", func.lower(text("username")), unique=True),
        CheckConstraint("length(bio) >= 1", name="users_bio_check"),
        CheckConstraint("length(image) >= 1", name="users_image_check"),
        {"sqlite_autoincrement": True},
    )

    def __str__(self) -> str:
        return self.username

    def accepts(self, token: AccessToken) -> bool:
        """Whether the token is current, or belongs to the session that set the password."""
        current = token.version == self.token_version
        return self.is_active and (current or token.session_id == self.password_session_id)


class Follow(Base):
    __tablename__ = "follows"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    follower_id: Mapped[int] = mapped_column(cascade("users.id"))
    followed_id: Mapped[int] = mapped_column(cascade("users.id"))

    __table_args__ = (
        UniqueConstraint("follower_id", "followed_id", name="follows_follower_followed_key"),
        CheckConstraint("NOT (follower_id = followed_id)", name="follows_not_oneself_check"),
        Index("follows_followed_idx", "followed_id"),
        {"sqlite_autoincrement": True},
    )
