"""Accounts and refresh tokens in PostgreSQL."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from netra_backend.app.models import Credential, RefreshToken, User
from shared.errors import Refusal
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from auth_service.app.requests import Registration
from auth_service.app.tokens import digest_of, new_refresh_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user with the hash of their password."""

    user: User
    password_hash: str = field(repr=False)


class Accounts:
    """What is stored. Every method is one transaction."""

    def __init__(self, engine: AsyncEngine, *, refresh_seconds: int) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._lifetime = timedelta(seconds=refresh_seconds)

    async def check(self) -> None:
        """Raise SQLAlchemyError where PostgreSQL does not answer."""
        async with self._database() as db:
            await db.execute(text("SELECT 1"))

    async def create(self, wanted: Registration, password_hash: str) -> tuple[User, str]:
        """Store an account; return it with its first refresh token. Raises Refusal (409) for a known email."""
        user = User(email=wanted.email, name=wanted.name, subscription=wanted.subscription)
        try:
            async with self._database.begin() as db:
                db.add(user)
                await db.flush()
                db.add(Credential(user_id=user.id, password_hash=password_hash))
                return user, self._new_token(db, user.id, family=uuid4().hex)
        except IntegrityError:
            raise Refusal(409, "email_known", "there is an account with this email: log in, or use another") from None

    async def find(self, email: str) -> Account | None:
        """Return the account of ``email``; a user without a password has none."""
        statement = select(User, Credential.password_hash).join(Credential).where(func.lower(User.email) == email)
        async with self._database() as db:
            row = (await db.execute(statement)).one_or_none()
        return Account(user=row[0], password_hash=row[1]) if row else None

    async def replace_hash(self, user_id: str, password_hash: str) -> None:
        """Store a stronger hash of the same password."""
        statement = update(Credential).where(Credential.user_id == user_id)
        async with self._database.begin() as db:
            await db.execute(statement.values(password_hash=password_hash, changed_at=func.now()))

    async def log_in(self, user_id: str) -> str:
        """Begin a family of refresh tokens; return its first. What has expired of the user's is forgotten."""
        expired = delete(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.expires_at < func.now())
        async with self._database.begin() as db:
            await db.execute(expired)
            return self._new_token(db, user_id, family=uuid4().hex)

    async def rotate(self, refresh_token: str) -> tuple[User, str]:
        """Exchange a refresh token for the next one of its family; return whose it is, and the next one.

        Raises Refusal (401). One that was exchanged before is a thief's, or its owner's after a thief: nobody can tell,
        so that its whole family ends (RFC 9700, 4.14.2).
        """
        digest = digest_of(refresh_token)
        async with self._database.begin() as db:
            user = await _lock_owner(db, digest)
            token = await db.get(RefreshToken, digest) if user else None
            if user is None or token is None or token.ended_at or token.expires_at <= datetime.now(UTC):
                raise Refusal(401, "refresh_invalid", "this refresh token is not valid any more: log in again")
            is_reused = token.spent_at is not None
            if is_reused:
                await db.execute(_end_family(token.family))
            else:
                token.spent_at = datetime.now(UTC)
                following = self._new_token(db, user.id, family=token.family)
        if is_reused:  # after the transaction, which the error would undo
            raise Refusal(401, "refresh_reused", "this refresh token was used before, perhaps by a thief: log in again")
        return user, following

    def _new_token(self, db: AsyncSession, user_id: str, *, family: str) -> str:
        token = new_refresh_token()
        expires_at = datetime.now(UTC) + self._lifetime
        db.add(RefreshToken(digest=digest_of(token), user_id=user_id, family=family, expires_at=expires_at))
        return token


async def _lock_owner(db: AsyncSession, digest: str) -> User | None:
    """Return whose token it is, and have other exchanges of that user wait: they see what this one does.

    Without it, a family could end while its next token is being made, and that one would live on.
    """
    owner = select(RefreshToken.user_id).where(RefreshToken.digest == digest).scalar_subquery()
    return await db.scalar(select(User).where(User.id == owner).with_for_update(key_share=True))


def _end_family(family: str) -> object:
    return (
        update(RefreshToken)
        .where(RefreshToken.family == family, RefreshToken.ended_at.is_(None))
        .values(ended_at=func.now())
    )
