from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..accounts.models import User
from ..database.columns import Base, BigKey, cascade


class Article(Base):
    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    author_id: Mapped[int] = mapped_column(cascade("users.id"))
    slug: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(String(1000))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    author: Mapped[User] = relationship()

    __table_args__ = (
        UniqueConstraint("slug", name="articles_slug_key"),
        CheckConstraint("length(title) >= 1", name="articles_title_check"),
        CheckConstraint("length(description) >= 1", name="articles_description_check"),
        CheckConstraint("length(body) BETWEEN 1 AND 100000", name="articles_body_check"),
        Index("articles_author_idx", "author_id", "id"),
        {"sqlite_autoincrement": True},
    )

    def __str__(self) -> str:
        return self.title


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("name", name="tags_name_key"),
        CheckConstraint("length(name) >= 1", name="tags_name_check"),
        {"sqlite_autoincrement": True},
    )

    def __str__(self) -> str:
        return self.name


class ArticleTag(Base):
    __tablename__ = "article_tags"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    article_id: Mapped[int] = mapped_column(cascade("articles.id"))
    tag_id: Mapped[int] = mapped_column(cascade("tags.id"))

    __table_args__ = (
        UniqueConstraint("article_id", "tag_id", name="article_tags_article_tag_key"),
        Index("article_tags_tag_idx", "tag_id", "article_id"),
        {"sqlite_autoincrement": True},
    )


class Favorite(Base):
    __tablename__ = "favorites"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(cascade("users.id"))
    article_id: Mapped[int] = mapped_column(cascade("articles.id"))

    __table_args__ = (
        UniqueConstraint("user_id", "article_id", name="favorites_user_article_key"),
        Index("favorites_article_idx", "article_id"),
        {"sqlite_autoincrement": True},
    )
