"""What the examples of the guide make of users: accounts in PostgreSQL, and sessions in Redis.

The services have no sessions: a token that the auth service signed says who asks (``shared/access.py``).
"""

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from netra_backend.app.models import User

SESSION_SECONDS = 3600


@dataclass(frozen=True)
class Session:
    """An id that stands for a user for an hour."""

    id: str
    user_id: str


async def create_user(db: Any, *, email: str, name: str = "", subscription: str = "free") -> User:
    """Return a new user, stored. In life the auth service makes them, with a password."""
    user = User(email=email, name=name, subscription=subscription)
    db.add(user)
    await db.commit()
    return user


async def create_session(redis: Any, *, user_id: str) -> Session:
    """Return a new session, which ends by itself after an hour."""
    session = Session(id=token_urlsafe(24), user_id=user_id)
    await redis.set(f"session:{session.id}", user_id, ex=SESSION_SECONDS)
    return session


async def get_session(redis: Any, session_id: str) -> Session | None:
    """Return a session, ``None`` where it has ended."""
    user_id = await redis.get(f"session:{session_id}")
    if user_id is None:
        return None
    return Session(id=session_id, user_id=user_id.decode() if isinstance(user_id, bytes) else user_id)
