"""What the service is told by its environment, read once."""

from dataclasses import dataclass, field
from typing import Self

from shared.settings import needed

from ci_toolkit.isolated_environment import IsolatedEnvironment


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where its store is, and how it knows a user."""

    clickhouse_url: str = field(repr=False)
    """Such as ``clickhouse://user:password@host:8123/database``."""
    auth_secret: str = field(repr=False)
    """With which the auth service signs its tokens (HS256)."""
    frontend_url: str = "http://127.0.0.1:3000"
    """Whose page may ask; ``*`` as its port is any port, for tests on free ones."""
    host: str = "127.0.0.1"
    port: int = 8002

    @classmethod
    def read(cls, env: IsolatedEnvironment) -> Self:
        """Read the environment. Raises KeyError with the name of a variable that is missing."""
        return cls(
            clickhouse_url=needed(env, "CLICKHOUSE_URL"),
            auth_secret=needed(env, "AUTH_SECRET"),
            frontend_url=env.get("FRONTEND_URL", cls.frontend_url),
            host=env.get("HOST", cls.host),
            port=int(env.get("PORT", cls.port)),
        )

    def secrets(self) -> tuple[str, ...]:
        """Return what no log may show."""
        return (self.clickhouse_url, self.auth_secret)
