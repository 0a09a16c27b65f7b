from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..accounts.models import User
from ..articles.models import Article
from ..database.columns import Base, BigKey, cascade


class Comment(Base):
    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(BigKey, Identity(), primary_key=True)
    article_id: Mapped[int] = mapped_column(cascade("articles.id"))
    author_id: Mapped[int] = mapped_column(cascade("users.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    article: Mapped[Article] = relationship()
    author: Mapped[User] = relationship()

    __table_args__ = (
        CheckConstraint("length(body) BETWEEN 1 AND 10000", name="comments_body_check"),
        Index("comments_article_idx", "article_id", "id"),
        Index("comments_author_idx", "author_id"),
        {"sqlite_autoincrement": True},
    )

    def __str__(self) -> str:
        return f"comment {self.id}"
