"""What is kept in PostgreSQL. ``migrations/`` makes these tables; a test holds that the two agree."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The tables of ``migrations/``."""

    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), dict[str, Any]: JSONB}  # noqa: RUF012


def new_id() -> str:
    """Return an id that nobody else has."""
    return uuid4().hex


class User(Base):
    """Somebody with an account. The auth service makes them."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    subscription: Mapped[str] = mapped_column(default="free", server_default="free")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("users_email", text("lower(email)"), unique=True),)


class Credential(Base):
    """How a user proves who they are; read by the auth service alone."""

    __tablename__ = "credentials"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RefreshToken(Base):
    """A refresh token that was given out, by its SHA-256. Those that came of one login are a family."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    family: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    """When it was exchanged for the next one; used again, it ends its family."""
    ended_at: Mapped[datetime | None]
    """When its family was ended."""


class Message(Base):
    """What a user or an agent said."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    request_id: Mapped[str | None]
    role: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("role IN ('user', 'agent')", name="messages_role"),)


class Thread(Base):
    """A conversation of one user."""

    __tablename__ = "threads"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    messages: Mapped[list[Message]] = relationship(lazy="selectin", order_by=Message.id)

    def to_json(self) -> str:
        """Return its head: what does not change once it is made."""
        return json.dumps({"id": self.id, "user_id": self.user_id, "title": self.title})


class AgentRequest(Base):
    """What an agent was asked to do, and what became of it. Sent twice under one id, it is one request."""

    __tablename__ = "agent_requests"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    agent: Mapped[str]
    state: Mapped[str] = mapped_column(default="running", server_default="running")
    instance: Mapped[str]
    """The backend that runs it: where it starts again, whatever it had running was interrupted."""
    error: Mapped[str | None]
    """The code of what went wrong."""
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deadline: Mapped[datetime]
    """After this nobody runs it any more."""

    __table_args__ = (
        CheckConstraint("state IN ('running', 'answered', 'failed', 'interrupted')", name="agent_requests_state"),
        Index("agent_requests_running", "instance", postgresql_where=text("state = 'running'")),
    )
