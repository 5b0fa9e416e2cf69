"""User contexts for tests: each one is new, and no two share anything that can change."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4


def _fresh(kind: str) -> str:
    return f"{kind}-{uuid4().hex}"


@dataclass(slots=True, kw_only=True)
class UserContext:
    """Who asks, in which thread and run, and what the application should know about it."""

    user_id: str = field(default_factory=lambda: _fresh("user"))
    thread_id: str = field(default_factory=lambda: _fresh("thread"))
    run_id: str = field(default_factory=lambda: _fresh("run"))
    email: str = field(default_factory=lambda: f"{_fresh('user')}@example.com")
    subscription: str = "free"
    metadata: dict[str, Any] = field(default_factory=dict)


class UserContextFactory:
    """Makes contexts that start with the same metadata and share none of it."""

    def __init__(self, *, subscription: str = "free", metadata: Mapping[str, Any] | None = None) -> None:
        self._subscription = subscription
        self._metadata = deepcopy(dict(metadata or {}))

    def create(
        self, *, email: str = "", subscription: str = "", metadata: Mapping[str, Any] | None = None
    ) -> UserContext:
        """Return a new context with ids of its own; ``metadata`` goes on top of the factory's."""
        context = UserContext(
            subscription=subscription or self._subscription,
            metadata=deepcopy({**self._metadata, **(metadata or {})}),
        )
        if email:
            context.email = email
        return context


def create_user_context(
    *, email: str = "", subscription: str = "free", metadata: Mapping[str, Any] | None = None
) -> UserContext:
    """Return a context that nobody else has."""
    return UserContextFactory().create(email=email, subscription=subscription, metadata=metadata)
