"""What the frontend is told by its environment, read once."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ci_toolkit.isolated_environment import IsolatedEnvironment


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the services are that the page talks to, as the user's browser reaches them."""

    auth_url: str = "http://127.0.0.1:8081"
    backend_url: str = "http://127.0.0.1:8000"
    analytics_url: str = ""
    """Empty where usage is not shown."""
    host: str = "127.0.0.1"
    port: int = 3000

    @classmethod
    def read(cls, env: IsolatedEnvironment) -> Self:
        """Read the environment. Raises ValueError with the variable that holds no address."""
        return cls(
            auth_url=_address(env, "AUTH_URL", cls.auth_url),
            backend_url=_address(env, "BACKEND_URL", cls.backend_url),
            analytics_url=_address(env, "ANALYTICS_URL", cls.analytics_url),
            host=env.get("HOST", cls.host),
            port=int(env.get("PORT", cls.port)),
        )


def _address(env: IsolatedEnvironment, name: str, default: str) -> str:
    """Return scheme, host and port alone: they go into a header of every answer."""
    address = env.get(name, default)
    if not address:
        return ""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{name} is {address!r}: write http:// or https://, a host, and its port")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
