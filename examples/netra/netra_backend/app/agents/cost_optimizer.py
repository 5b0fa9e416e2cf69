"""Finds what of a monthly bill is wasted, and asks the language model what to do about it."""

import json
from collections.abc import Mapping

from netra_backend.app.agents.agent import Agent, use_tool
from netra_backend.app.agents.result import AgentResult
from netra_backend.app.costs import DEFAULT_SPEND, analyze_costs
from netra_backend.app.events import Narrator
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import ModelError

_BULLETS = "-*• "


class CostOptimizer(Agent):
    """The figures are a tool's. Where the model gives no advice, rules do, and the user is told so."""

    name = "cost_optimizer"

    async def work(self, context: ExecutionContext, narrator: Narrator) -> AgentResult:
        await narrator.thinking("Where does the money go, and what of it is idle?")
        spend = context.details.get("monthly_spend", DEFAULT_SPEND)
        waste = await use_tool(narrator, analyze_costs, monthly_spend=spend)
        savings = round(sum(waste.values()), 2)
        summary = f"You can save {savings} USD a month."
        try:
            answer = await self._model.ask(
                f"{context.message}\nMonthly waste by resource: {json.dumps(waste)}.\n"
                "Answer with one recommendation a line."
            )
        except ModelError as error:
            await narrator.tell(
                "agent_fallback", code=error.code, reason=f"rules in place of a language model: {error}"
            )
            return AgentResult(summary, by_rules(waste), savings)
        return AgentResult(summary, lines_of(answer.text), savings, answer)


def lines_of(text: str) -> list[str]:
    """Return the recommendations of an answer, without its bullets."""
    return [line.strip(_BULLETS) for line in text.splitlines() if line.strip(_BULLETS)]


def by_rules(waste: Mapping[str, float]) -> list[str]:
    """Return what the figures alone recommend, the largest saving first."""
    largest = sorted(waste.items(), key=lambda item: -item[1])
    return [f"Shut down idle {kind}: {amount} USD a month" for kind, amount in largest]
