"""What one request of one user is: made anew by a factory for each, shared with nobody.

Agents, tools and events know a user only through this context; nothing in this package is changed from two requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from shared.access import Identity

from netra_backend.app.models import new_id
from netra_backend.app.protocol import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionContext:
    """Who asks what, in which thread; nothing in it can change."""

    user_id: str
    subscription: str = "free"
    thread_id: str
    is_new_thread: bool = False
    request_id: str = field(default_factory=new_id)
    agent: str
    message: str
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What the client said beside the message, such as ``monthly_spend``."""


class ExecutionContextFactory:
    """Makes the contexts of one connection: all of one user, and none with anything of another."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def create(self, ask: Ask) -> ExecutionContext:
        """Return the context of one request; a request without a thread begins one."""
        return ExecutionContext(
            user_id=self._identity.user_id,
            subscription=self._identity.subscription,
            thread_id=ask.thread_id or new_id(),
            is_new_thread=not ask.thread_id,
            request_id=ask.request_id or new_id(),
            agent=ask.agent,
            message=ask.message,
            details=MappingProxyType(ask.context),
        )
