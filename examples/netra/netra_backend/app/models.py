"""What is kept in PostgreSQL: users, their threads, the messages in them."""

import json
from uuid import uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The tables of `migrations/`."""


def new_id() -> str:
    return uuid4().hex


class User(Base):
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    subscription: Mapped[str] = mapped_column(default="free")


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"))
    role: Mapped[str]
    content: Mapped[str]


class Thread(Base):
    __tablename__ = "threads"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    messages: Mapped[list[Message]] = relationship(lazy="selectin", order_by=Message.id)

    def to_json(self) -> str:
        return json.dumps({"id": self.id, "user_id": self.user_id, "title": self.title})
