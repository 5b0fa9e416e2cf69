"""Executed agents and their events (CIT004)."""

import pytest
from lint_lab import codes_in

AGENTS = {
    "bare": ("async def test_a(agent):\n await agent.execute('x')", ["CIT004"]),
    "an attribute": ("def test_a(self):\n triage_agent.execute('x')", ["CIT004"]),
    "events collected": (
        "async def test_a(agent, client):\n await agent.execute()\n await client.collect_events()",
        [],
    ),
    "the helper": ("async def test_a(agent):\n r = await agent.execute()\n assert_agent_execution(r)", []),
    "event names": ("async def test_a(agent):\n r = await agent.execute()\n assert 'agent_started' in r", []),
    "checked by a function of the file": (
        "def check(r):\n assert r.events\nasync def test_a(agent):\n check(await agent.execute())",
        [],
    ),
    "an HTTP user agent": ("def test_a(user_agent):\n assert user_agent.parse('x')", []),
    "another method": ("async def test_a(agent):\n await agent.execute_with_context()", []),
}


@pytest.mark.parametrize(("source", "codes"), AGENTS.values(), ids=AGENTS.keys())
def test_an_executed_agent_asks_for_a_look_at_its_events(source: str, codes: list[str]) -> None:
    assert codes_in(source) == codes
