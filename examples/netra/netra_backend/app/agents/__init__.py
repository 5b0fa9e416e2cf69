"""The agents, each in a file of its own, and the one place that makes them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ci_toolkit.isolated_environment import get_env
from netra_backend.app.agents.agent import Agent
from netra_backend.app.agents.cost_optimizer import CostOptimizer
from netra_backend.app.agents.result import AgentError, AgentResult
from netra_backend.app.agents.triage import TriageAgent
from netra_backend.app.language_model import LanguageModel
from netra_backend.app.settings import ModelSettings

__all__ = ["AGENTS", "Agent", "AgentError", "AgentResult", "create_agent", "create_real_agent"]

AGENTS: Final[Mapping[str, type[Agent]]] = MappingProxyType({kind.name: kind for kind in (CostOptimizer, TriageAgent)})


def create_agent(name: str, model: LanguageModel) -> Agent:
    """Return a new agent, for one request. Raises AgentError for a name that no agent has."""
    if name not in AGENTS:
        raise AgentError("no_such_agent", f"there is no agent of this name; there are {', '.join(sorted(AGENTS))}")
    return AGENTS[name](model)


async def create_real_agent(name: str) -> Agent:
    """Return an agent that asks the language model of the environment, to be used without a server."""
    return create_agent(name, LanguageModel(ModelSettings.read(get_env())))
