"""The first schema: accounts, articles, comments, and the outbox of events."""

import sqlalchemy as sa
from alembic import op

from conduit.database.columns import BigKey, UTCDateTime, cascade

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def key() -> sa.Column[int]:
    return sa.Column("id", BigKey, sa.Identity(), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "users",
        key(),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("password", sa.String(128), nullable=False),
        sa.Column("bio", sa.String(1000), nullable=True),
        sa.Column("image", sa.String(2000), nullable=True),
        sa.Column("token_version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.Column("is_active", sa.Boolean, server_default=sa.true(), nullable=False),
        sa.Column("is_staff", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("is_superuser", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("last_login", UTCDateTime, nullable=True),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.CheckConstraint("length(bio) >= 1", name="users_bio_check"),
        sa.CheckConstraint("length(image) >= 1", name="users_image_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("users_email_key", "users", [sa.text("lower(email)")], unique=True)
    op.create_index("users_username_key", "users", [sa.text("lower(username)")], unique=True)
    op.create_table(
        "follows",
        key(),
        sa.Column("follower_id", BigKey, cascade("users.id"), nullable=False),
        sa.Column("followed_id", BigKey, cascade("users.id"), nullable=False),
        sa.UniqueConstraint("follower_id", "followed_id", name="follows_follower_followed_key"),
        sa.CheckConstraint("NOT (follower_id = followed_id)", name="follows_not_oneself_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("follows_followed_idx", "follows", ["followed_id"])
    op.create_table(
        "articles",
        key(),
        sa.Column("author_id", BigKey, cascade("users.id"), nullable=False),
        sa.Column("slug", sa.String(120), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.String(1000), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.UniqueConstraint("slug", name="articles_slug_key"),
        sa.CheckConstraint("length(title) >= 1", name="articles_title_check"),
        sa.CheckConstraint("length(description) >= 1", name="articles_description_check"),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 100000", name="articles_body_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("articles_author_idx", "articles", ["author_id", "id"])
    op.create_table(
        "tags",
        key(),
        sa.Column("name", sa.String(64), nullable=False),
        sa.UniqueConstraint("name", name="tags_name_key"),
        sa.CheckConstraint("length(name) >= 1", name="tags_name_check"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "article_tags",
        key(),
        sa.Column("article_id", BigKey, cascade("articles.id"), nullable=False),
        sa.Column("tag_id", BigKey, cascade("tags.id"), nullable=False),
        sa.UniqueConstraint("article_id", "tag_id", name="article_tags_article_tag_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("article_tags_tag_idx", "article_tags", ["tag_id", "article_id"])
    op.create_table(
        "favorites",
        key(),
        sa.Column("user_id", BigKey, cascade("users.id"), nullable=False),
        sa.Column("article_id", BigKey, cascade("articles.id"), nullable=False),
        sa.UniqueConstraint("user_id", "article_id", name="favorites_user_article_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("favorites_article_idx", "favorites", ["article_id"])
    op.create_table(
        "comments",
        key(),
        sa.Column("article_id", BigKey, cascade("articles.id"), nullable=False),
        sa.Column("author_id", BigKey, cascade("users.id"), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 10000", name="comments_body_check"),
        sqlite_autoincrement=True,
    )
    op.create_index("comments_article_idx", "comments", ["article_id", "id"])
    op.create_index("comments_author_idx", "comments", ["author_id"])
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("article_id", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
    )
    op.create_index("events_created_idx", "events", ["created_at"])
    counter = op.create_table(
        "event_counter",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="event_counter_one_row_check"),
    )
    op.bulk_insert(counter, [{"id": 1, "value": 0}])


def downgrade() -> None:
    for table in (
        "event_counter",
        "events",
        "comments",
        "favorites",
        "article_tags",
        "tags",
        "articles",
        "follows",
        "users",
    ):
        op.drop_table(table)
