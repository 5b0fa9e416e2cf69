"""Users, how they log in, their threads, messages and requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _moment(name: str, **options: bool) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _created_at(name: str = "created_at") -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _owner(target: str) -> sa.ForeignKeyConstraint:
    column = f"{target.removesuffix('s')}_id"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, server_default="", nullable=False),
        sa.Column("subscription", sa.Text, server_default="free", nullable=False),
        _created_at(),
    )
    op.create_index("users_email", "users", [sa.text("lower(email)")], unique=True)
    op.create_table(
        "credentials",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        _created_at("changed_at"),
        _owner("users"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False, index=True),
        sa.Column("family", sa.Text, nullable=False, index=True),
        _created_at(),
        _moment("expires_at", nullable=False),
        _moment("spent_at"),
        _moment("ended_at"),
        _owner("users"),
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False, index=True),
        sa.Column("title", sa.Text, nullable=False),
        _created_at(),
        _owner("users"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("thread_id", sa.Text, nullable=False, index=True),
        sa.Column("request_id", sa.Text),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        _created_at(),
        _owner("threads"),
        sa.CheckConstraint("role IN ('user', 'agent')", name="messages_role"),
    )
    op.create_table(
        "agent_requests",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("thread_id", sa.Text, nullable=False, index=True),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="running", nullable=False),
        sa.Column("instance", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("result", JSONB),
        _created_at(),
        _moment("deadline", nullable=False),
        _owner("users"),
        _owner("threads"),
        sa.CheckConstraint("state IN ('running', 'answered', 'failed', 'interrupted')", name="agent_requests_state"),
    )
    op.create_index(
        "agent_requests_running", "agent_requests", ["instance"], postgresql_where=sa.text("state = 'running'")
    )


def downgrade() -> None:
    for table in ("agent_requests", "messages", "threads", "refresh_tokens", "credentials", "users"):
        op.drop_table(table)
