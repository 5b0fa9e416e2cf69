"""What the backend is told by its environment, read once."""

import platform
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from shared.settings import needed

from ci_toolkit.isolated_environment import IsolatedEnvironment


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The language model: any endpoint of the OpenAI protocol."""

    base_url: str = ""
    """Empty where there is none: agents then fall back to rules, or say that they cannot answer."""
    api_key: str = field(default="", repr=False)
    name: str = ""
    seconds: float = 30.0
    """How long a whole answer may take."""

    @classmethod
    def read(cls, env: IsolatedEnvironment) -> Self:
        """Read ``LLM_*``, else ``CI_TOOLKIT_LLM_*`` of the tests, else the scripted model's address."""
        seconds = float(env.get("LLM_SECONDS") or cls.seconds)
        for prefix in ("LLM_", "CI_TOOLKIT_LLM_"):
            key, model = env.get(f"{prefix}API_KEY"), env.get(f"{prefix}MODEL")
            if key and model:
                url = env.get(f"{prefix}BASE_URL") or "https://api.openai.com/v1"
                return cls(base_url=url, api_key=key, name=model, seconds=seconds)
        if scripted := env.get("SCRIPTED_LLM_URL"):
            return cls(base_url=f"{scripted}/v1", api_key="none is needed", name="scripted", seconds=seconds)
        return cls(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one client may take."""

    message_bytes: int = 64 * 1024
    """Of one WebSocket message, and of the body of one request."""
    message_characters: int = 16_000
    requests_at_once: int = 8
    """On one connection."""
    waiting_events: int = 256
    """Sent and not yet taken by a slow client; beyond it, the client's own agents wait."""
    slow_seconds: float = 15.0
    """How long they wait before the connection is closed."""
    request_seconds: float = 120.0
    """How long an agent may work on one request."""
    stop_seconds: float = 2.0
    """How long requests may go on after the backend was told to stop; then they are marked as interrupted."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where its stores are, how it knows a user, and which language model it asks."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    auth_secret: str = field(repr=False)
    """With which the auth service signs its tokens (HS256)."""
    model: ModelSettings = ModelSettings()
    limits: Limits = Limits()
    frontend_url: str = "http://127.0.0.1:3000"
    """Whose page may ask; ``*`` as its port is any port, for tests on free ones."""
    analytics_url: str = ""
    """Empty where nothing is sent."""
    host: str = "127.0.0.1"
    port: int = 8000
    instance: str = ""
    """The same after a restart, and nobody else's."""

    @classmethod
    def read(cls, env: IsolatedEnvironment) -> Self:
        """Read the environment. Raises KeyError with the name of a variable that is missing."""
        port = int(env.get("PORT") or cls.port)
        return cls(
            database_url=needed(env, "DATABASE_URL"),
            redis_url=needed(env, "REDIS_URL"),
            auth_secret=needed(env, "AUTH_SECRET"),
            model=ModelSettings.read(env),
            frontend_url=env.get("FRONTEND_URL") or cls.frontend_url,
            analytics_url=env.get("ANALYTICS_URL") or "",
            host=env.get("HOST") or cls.host,
            port=port,
            instance=env.get("INSTANCE") or f"{platform.node()}:{port}",
        )

    def secrets(self) -> tuple[str, ...]:
        """Return what no log may show."""
        passwords = (urlsplit(url).password or "" for url in (self.database_url, self.redis_url))
        return (self.database_url, self.redis_url, *passwords, self.auth_secret, self.model.api_key)
