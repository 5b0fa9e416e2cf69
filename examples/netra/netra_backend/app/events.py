"""The events by which a client sees an agent work: what each holds, in an order that nobody can break."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from netra_backend.app.execution import ExecutionContext

Emit = Callable[[Mapping[str, Any]], Awaitable[None]]


class Narrator:
    """Tells of one request. Every event has its thread, its request, its number and a time that never runs back."""

    def __init__(self, context: ExecutionContext, emit: Emit) -> None:
        self._context = context
        self._emit = emit
        self._number = 0
        self._latest = 0.0

    async def tell(self, kind: str, **fields: Any) -> None:
        """Tell that ``kind`` happened now."""
        self._number += 1
        self._latest = max(self._latest, time.time())
        await self._emit({
            "type": kind,
            "thread_id": self._context.thread_id,
            "request_id": self._context.request_id,
            "number": self._number,
            "timestamp": self._latest,
            **fields,
        })  # fmt: skip

    async def started(self) -> None:
        """Tell that the agent works, which it does once its request is stored."""
        await self.tell("agent_started", user_id=self._context.user_id, agent=self._context.agent)

    async def thinking(self, reasoning: str) -> None:
        """Tell what the agent looks at."""
        await self.tell("agent_thinking", reasoning=reasoning)

    async def completed(self, result: Mapping[str, Any]) -> None:
        """Tell the answer, which is stored by now."""
        await self.tell(
            "agent_completed",
            status="success",
            final_response=result["summary"],
            data={"result": result, "thread_id": self._context.thread_id},
        )

    async def failed(self, code: str, message: str) -> None:
        """Tell that there will be no answer, and what to do."""
        await self.tell("error", code=code, message=message)
