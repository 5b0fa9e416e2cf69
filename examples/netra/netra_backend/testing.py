"""How ci-toolkit's test framework reaches this application: the Protocol ``Application``, implemented once."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.services.catalog.settings import read_table
from ci_toolkit.test_framework.application import Services
from netra_backend.app.accounts import create_user
from netra_backend.app.database import driver_url
from netra_backend.app.models import Thread, User

ROOT = Path(__file__).parents[1]
_SECONDS = 3600


@dataclass(frozen=True)
class TestUser:
    """Somebody with an account and a token."""

    __test__ = False

    id: str
    email: str
    token: str = field(repr=False)


class NetraApplication:
    """Users are made in PostgreSQL, with tokens as the auth service signs them; threads are read from PostgreSQL."""

    async def create_user(self, services: Services, *, email: str, subscription: str) -> TestUser:
        """Return a user with an account and a valid token."""
        engine = create_async_engine(driver_url(services.get("database_url") or get_env().get("DATABASE_URL") or ""))
        async with AsyncSession(engine, expire_on_commit=False) as db:
            user = await create_user(db, email=email, subscription=subscription)
        await engine.dispose()
        return TestUser(id=user.id, email=email, token=access_token(user))

    async def get_thread(self, services: Services, thread_id: str) -> Any:
        """Return the thread as it was stored, or ``None``."""
        return await services["db"].get(Thread, thread_id)


def auth_secret() -> str:
    """Return the secret of the tests' tokens, which stands in the table of services."""
    return read_table(ROOT).service("backend").variables["AUTH_SECRET"]


def access_token(user: User, *, seconds: float = _SECONDS) -> str:
    """Return a token as the auth service signs it, valid for ``seconds`` from now."""
    now = time.time()
    claims: Mapping[str, Any] = {"sub": user.id, "email": user.email, "subscription": user.subscription}
    return jwt.encode({**claims, "iat": int(now), "exp": now + seconds}, auth_secret(), "HS256")
