"""Adds the session that set the password last: it stays valid, all others end."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("users")}
    if "password_session_id" not in columns:  # another app on this database has not added it yet
        op.add_column("users", sa.Column("password_session_id", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "password_session_id")
