"""Says who can answer a plain message: another agent, or the language model itself."""

from netra_backend.app.agents.agent import Agent
from netra_backend.app.agents.result import AgentError, AgentResult
from netra_backend.app.events import Narrator
from netra_backend.app.execution import ExecutionContext
from netra_backend.app.language_model import ModelError

_MONEY = ("bill", "cost", "expens", "money", "sav", "spen")
"""Beginnings of words that only somebody with a bill uses."""


class TriageAgent(Agent):
    """Knows questions of cost by their words. No rule answers the others: without a model there is no answer."""

    name = "triage_agent"

    async def work(self, context: ExecutionContext, narrator: Narrator) -> AgentResult:
        await narrator.thinking("Who can answer this?")
        if is_about_costs(context.message):
            return AgentResult("This is for cost_optimizer.")
        try:
            answer = await self._model.ask(f"{context.message}\nAnswer in one sentence.")
        except ModelError as error:
            raise AgentError(error.code, f"{error}; your message is stored: send it again later") from None
        return AgentResult(answer.text, answer=answer)


def is_about_costs(message: str) -> bool:
    """Whether ``cost_optimizer`` can answer it."""
    return any(word.startswith(_MONEY) for word in message.lower().split())
