"""What the service is told by its environment, read once."""

from dataclasses import dataclass, field
from typing import Final, Self

from shared.settings import needed

from ci_toolkit.isolated_environment import IsolatedEnvironment

_SHORTEST_SECRET: Final = 32
"""Bytes: as many as the digest of HS256 has (RFC 7518, 3.2)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where its stores are, and what its tokens are worth."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    auth_secret: str = field(repr=False)
    """Signs access tokens (HS256); the other services have it, too."""
    access_seconds: int = 15 * 60
    """How long an access token is taken. Nothing calls it back, so it is short."""
    refresh_seconds: int = 30 * 24 * 3600
    """How long a user who does not come back stays logged in."""
    frontend_url: str = "http://127.0.0.1:3000"
    """Whose page may ask; ``*`` as its port is any port, for tests on free ones."""
    host: str = "127.0.0.1"
    port: int = 8081

    def __post_init__(self) -> None:
        if len(self.auth_secret.encode()) < _SHORTEST_SECRET:
            raise ValueError(
                f"AUTH_SECRET is shorter than {_SHORTEST_SECRET} bytes: make one by `openssl rand -hex 32`"
            )
        if min(self.access_seconds, self.refresh_seconds) <= 0:
            raise ValueError("ACCESS_SECONDS and REFRESH_SECONDS must be more than 0: tokens would never be valid")

    @classmethod
    def read(cls, env: IsolatedEnvironment) -> Self:
        """Read the environment. Raises KeyError for a variable that is missing, ValueError for one that cannot be."""
        return cls(
            database_url=needed(env, "DATABASE_URL"),
            redis_url=needed(env, "REDIS_URL"),
            auth_secret=needed(env, "AUTH_SECRET"),
            access_seconds=int(env.get("ACCESS_SECONDS") or cls.access_seconds),
            refresh_seconds=int(env.get("REFRESH_SECONDS") or cls.refresh_seconds),
            frontend_url=env.get("FRONTEND_URL") or cls.frontend_url,
            host=env.get("HOST") or cls.host,
            port=int(env.get("PORT") or cls.port),
        )

    def secrets(self) -> tuple[str, ...]:
        """Return what no log may show."""
        return (self.database_url, self.redis_url, self.auth_secret)
