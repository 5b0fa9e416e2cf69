"""The agents. Each tells what it does by events, through the ``emit`` that it is given."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from netra_backend.app.costs import analyze_costs
from netra_backend.app.language_model import NoLanguageModelError, ask_language_model

Emit = Callable[[dict[str, Any]], Awaitable[None]]
DEFAULT_SPEND = 10_000


@dataclass(frozen=True)
class AgentResult:
    """What an agent found."""

    summary: str
    recommendations: list[str] = field(default_factory=list)
    potential_savings: float = 0.0

    def contains_actionable_insights(self) -> bool:
        return bool(self.recommendations)

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary,
            "recommendations": self.recommendations,
            "potential_savings": {"monthly_amount": self.potential_savings, "currency": "USD"},
            "cost_savings": {"amount": self.potential_savings, "currency": "USD"},
        }


@dataclass(frozen=True)
class Request:
    """What an agent is asked, by whom."""

    user_id: str
    thread_id: str
    message: str
    context: Mapping[str, Any] = field(default_factory=dict)


class Agent:
    """Tells of its beginning and its end; what is between is its subclass's."""

    name = ""

    async def run(self, request: Request, emit: Emit) -> AgentResult:
        async def tell(kind: str, **fields: Any) -> None:
            await emit({"type": kind, "timestamp": time.time(), **fields})

        await tell("agent_started", user_id=request.user_id, thread_id=request.thread_id, agent=self.name)
        result = await self.work(request, tell)
        data = {"result": result.to_json(), "thread_id": request.thread_id}
        await tell("agent_completed", status="success", final_response=result.summary, data=data)
        return result

    async def work(self, request: Request, tell: Callable[..., Awaitable[None]]) -> AgentResult:
        raise NotImplementedError

    async def execute_with_context(self, message: str, user_context: Any) -> AgentResult:
        """Run in this process, for a caller that does not listen."""

        async def unheard(event: dict[str, Any]) -> None:
            """Nobody listens."""

        request = Request(user_context.user_id, user_context.thread_id, message, user_context.metadata)
        return await self.run(request, unheard)


class CostOptimizer(Agent):
    name = "cost_optimizer"

    async def work(self, request: Request, tell: Callable[..., Awaitable[None]]) -> AgentResult:
        await tell("agent_thinking", reasoning="Where does the money go, and what of it is idle?")
        spend = float(request.context.get("monthly_spend", DEFAULT_SPEND))
        waste = await self._use_tool(tell, monthly_spend=spend)
        savings = round(sum(waste.values()), 2)
        try:
            answer = await ask_language_model(
                f"{request.message}\nMonthly waste by resource: {json.dumps(waste)}.\n"
                "Answer with one recommendation a line."
            )
        except NoLanguageModelError as reason:
            await tell("agent_fallback", reason=f"rules in place of a language model: {reason}")
            answer = "\n".join(f"Shut down idle {kind}: {amount} USD a month" for kind, amount in waste.items())
        recommendations = [line.strip("-* ") for line in answer.splitlines() if line.strip("-* ")]
        return AgentResult(f"You can save {savings} USD a month.", recommendations, savings)

    async def _use_tool(self, tell: Callable[..., Awaitable[None]], **parameters: Any) -> dict[str, float]:
        began = time.monotonic()
        await tell("tool_executing", tool_name="analyze_costs", parameters=parameters)
        waste = analyze_costs(**parameters)
        took = time.monotonic() - began
        await tell("tool_completed", tool_name="analyze_costs", results=waste, duration=took)
        return waste


class TriageAgent(Agent):
    name = "triage_agent"

    async def work(self, request: Request, tell: Callable[..., Awaitable[None]]) -> AgentResult:
        await tell("agent_thinking", reasoning="Who can answer this?")
        wants_savings = any(word in request.message.lower() for word in ("cost", "spend", "save"))
        return AgentResult(f"This is for {'cost_optimizer' if wants_savings else 'a human'}.")


AGENTS = {agent.name: agent for agent in (CostOptimizer(), TriageAgent())}


async def create_real_agent(name: str) -> Agent:
    return AGENTS[name]


def new_request(user_id: str, message: Mapping[str, Any]) -> Request:
    return Request(user_id, uuid4().hex, str(message.get("message", "")), message.get("context") or {})
