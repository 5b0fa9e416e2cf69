"""Tests of agents as the guide writes them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.agent_events import Event, breaches, field_of, transcript, type_of
from ci_toolkit.test_framework.agent_run import AgentRun, RemoteAgent, agent_of
from ci_toolkit.test_framework.application import Services
from ci_toolkit.test_framework.llm_settings import API_KEY, BASE_URL, MODEL
from ci_toolkit.test_framework.scripted_llm import Reply, ScriptedLLM

__all__ = ["AgentRun", "RemoteAgent", "assert_agent_execution", "create_test_agent", "mock_llm_response"]

_FAILED = frozenset({"error", "failed", "failure", "cancelled"})


def create_test_agent(name: str, services: Services | None = None) -> Any:
    """Return the agent called ``name`` of the application under test; ``await agent.execute(message)`` makes it work.

    Without ``services`` it has those of the test that runs. Raises ApplicationError where the project names no
    application.
    """
    return agent_of(name, services)


def assert_agent_execution(result: AgentRun | Sequence[Event], expected_tools: Sequence[str] = ()) -> None:
    """Assert that an execution kept the contract of the events, did not fail, and completed every expected tool.

    ``result`` is what ``execute`` returned: an AgentRun, anything else with a ``transcript``, or the events.
    """
    __tracebackhide__ = True
    events = list(getattr(result, "transcript", result))  # type: ignore[arg-type]
    completed = [str(field_of(event, "tool_name")) for event in events if type_of(event) == "tool_completed"]
    wrong = [*breaches(events)]
    wrong += [f"the tool {tool} did not complete" for tool in expected_tools if tool not in completed]
    status = next((field_of(event, "status") for event in events if type_of(event) == "agent_completed"), None)
    if str(status).lower() in _FAILED:
        wrong.append(f"agent_completed says {status!r}")
    if wrong:
        raise AssertionError(
            "the agent's execution is not as expected:\n"
            + "".join(f"  - {one}\n" for one in wrong)
            + transcript(events)
        )


@contextmanager
def mock_llm_response(*replies: str | Reply) -> Iterator[ScriptedLLM]:
    """Answer the next requests to the language model with ``replies``, one each, over the real protocol.

    ``with mock_llm_response("Save 40%") as llm:`` starts a server on this machine and points the variables of the
    language model in ``get_env()`` at it. It fails the test on any request that it does not know or has no reply for.
    For integration tests: the language model is outside of the system there. In e2e tests everything is real.
    """
    with ScriptedLLM(replies) as llm, get_env().isolation() as env:
        env.update({BASE_URL: llm.base_url, API_KEY: llm.api_key, MODEL: llm.model}, source="mock_llm_response")
        yield llm
