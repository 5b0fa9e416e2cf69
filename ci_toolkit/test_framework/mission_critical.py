"""The base of mission-critical tests: an agent executed on the real system, every event watched."""

from typing import Any

from ci_toolkit.test_framework.agent_events import breaches
from ci_toolkit.test_framework.agent_run import AgentRun, agent_request, run_agent
from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest


class MissionCriticalTest(BaseE2ETest):
    """Tests that must pass: everything is real, and nothing of it is skipped."""

    async def execute_agent_with_monitoring(
        self,
        agent: str,
        message: str,
        timeout: float = 60.0,  # noqa: ASYNC109 (as its siblings)
        **context: Any,
    ) -> AgentRun:
        """Execute ``agent`` as a new user and return what it sent, which keeps the contract of the agent events.

        Fails after ``timeout`` seconds, and on a breach of the contract, showing every event.
        """
        __tracebackhide__ = True
        user = await self.create_test_user()
        request = getattr(self.application, "agent_request", agent_request)
        async with self.websocket_client(user) as client:
            run = await run_agent(
                client, agent=agent, message=message, context=context, timeout=timeout, request=request
            )
        broken = breaches(run.transcript)
        if broken:
            raise AssertionError(
                "\n  - ".join(["the run broke the contract of the agent events:", *broken]) + f"\n{run}"
            )
        return run
