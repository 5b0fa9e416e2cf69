"""What all agents share: they work on one context, tell what they do, and use tools in one way."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from netra_backend.app.agents.result import AgentError, AgentResult
from netra_backend.app.events import Narrator
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import LanguageModel

T = TypeVar("T")


class Agent(ABC):
    """Works on one request. It is made for it, and keeps nothing from it."""

    name: ClassVar[str]

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    @abstractmethod
    async def work(self, context: ExecutionContext, narrator: Narrator) -> AgentResult:
        """Do what is asked, and tell of each step. Raises AgentError where there is no answer."""

    async def execute_with_context(self, message: str, user_context: Any) -> AgentResult:
        """Work for a caller in this process, who does not listen to the events."""
        context = ExecutionContext(
            user_id=user_context.user_id,
            subscription=user_context.subscription,
            thread_id=user_context.thread_id,
            agent=self.name,
            message=message,
            details=user_context.metadata,
        )
        return await self.work(context, Narrator(context, _unheard))


async def use_tool(narrator: Narrator, tool: Callable[..., T], **parameters: Any) -> T:
    """Return what ``tool`` returns, and tell of its beginning and its end.

    A tool raises ValueError for parameters that it cannot work with: that is a ``tool_error`` and an AgentError.
    """
    name = tool.__name__
    await narrator.tell("tool_executing", tool_name=name, parameters=parameters)
    began = time.monotonic()
    try:
        results = tool(**parameters)
    except ValueError as error:
        await narrator.tell("tool_error", tool_name=name, error=str(error))
        raise AgentError("tool_failed", f"{name}: {error}") from None
    await narrator.tell("tool_completed", tool_name=name, results=results, duration=time.monotonic() - began)
    return results


async def _unheard(event: Mapping[str, Any]) -> None:
    """Tell nobody."""
