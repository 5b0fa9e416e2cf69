"""The base classes in a project of their own, over a real WebSocket."""

import subprocess
import sys
from pathlib import Path

import pytest

PYPROJECT = """
[tool.ci-toolkit.framework]
application = "app:Application"

[tool.pytest.ini_options]
addopts = "--strict-markers --import-mode=importlib"
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
pythonpath = ["."]
filterwarnings = ["error"]
"""
APP = """
import json
from types import SimpleNamespace
from websockets.asyncio.server import serve

deleted = []

class Application:
    async def create_user(self, services, *, email, subscription):
        return SimpleNamespace(email=email, subscription=subscription, token="token-" + email)
    async def delete_user(self, services, user):
        deleted.append(user.email)
    def agent_request(self, agent, message, context):
        return {"run": agent, "say": message, **context}

async def talk(connection):
    async for text in connection:
        asked = json.loads(text)
        events = [
            {"type": "agent_started", "user_id": "u", "thread_id": "t", "timestamp": 1, "asked": asked},
            {"type": "agent_thinking", "reasoning": "r", "timestamp": 2},
            {"type": "agent_completed", "status": "success", "final_response": "done", "timestamp": 3},
        ]
        if asked["run"] == "silent_agent":
            del events[1]
        for event in events:
            await connection.send(json.dumps(event))

def backend():
    return serve(talk, "127.0.0.1", 0)
"""
CONFTEST = """
import pytest
import app

@pytest.fixture
async def real_services():
    async with app.backend() as server:
        yield {"backend_url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}
"""
SUITE = """
import pytest
import app
from ci_toolkit.isolated_environment import get_env
from ci_toolkit.test_framework.agent_test_helpers import assert_agent_execution, create_test_agent
from ci_toolkit.test_framework.base_e2e_test import BaseE2ETest
from ci_toolkit.test_framework.base_integration_test import BaseIntegrationTest
from ci_toolkit.test_framework.mission_critical import MissionCriticalTest

seen = []

class TestIntegration(BaseIntegrationTest):
    async def async_setup(self):
        seen.append("set up")
        self.env.set("MINE", "1", source="set-up")

    async def async_teardown(self):
        seen.append("torn down")

    async def test_async(self):
        assert get_env().get("MINE") == "1"
        await self.wait_for_condition(lambda: seen == ["set up"], timeout=60)

    def test_sync_too(self):
        assert seen == ["set up", "torn down", "set up"]
        self.log.warning("the log has the test's name")
        assert self.log.name == "test.test_sync_too"

def test_nothing_is_left():
    assert seen[-1] == "torn down" and get_env().get("MINE") is None

class TestE2E(BaseE2ETest):
    async def test_user(self):
        user = await self.create_test_user(email="enterprise@example.com", subscription="enterprise")
        assert user.subscription == "enterprise"
        assert (await self.create_test_user()).email != (await self.create_test_user()).email
        async with self.websocket_client(user) as client:
            await client.send_json({"run": "a"})
            self.assert_events(await client.collect_events(), ["agent_started", "agent_completed"])
        assert get_env().get("BACKEND_URL") == self.services["backend_url"]

    async def test_users_were_deleted(self):
        assert len(app.deleted) == 3 and app.deleted[0] == "enterprise@example.com"
        assert get_env().get("BACKEND_URL") is None

    async def test_thread(self):
        await self.get_thread("t")

class TestCritical(MissionCriticalTest):
    @pytest.mark.mission_critical
    async def test_monitored(self):
        result = await self.execute_agent_with_monitoring(agent="triage_agent", message="hello", level=3)
        assert result.transcript[0]["asked"] == {"run": "triage_agent", "say": "hello", "level": 3}
        assert result.events["agent_started"] == 1 and result.events["tool_executing"] == 0
        assert result.event_order == ["agent_started", "agent_thinking", "agent_completed"]
        assert result.result == "done"

    async def test_breach(self):
        await self.execute_agent_with_monitoring(agent="silent_agent", message="hello")

async def test_agent(websocket_client, real_services):
    result = await create_test_agent("cost_optimizer", real_services).execute("Optimize my costs")
    assert_agent_execution(result)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"pyproject.toml": PYPROJECT, "app.py": APP, "conftest.py": CONFTEST, "test_bases.py": SUITE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_bases_set_up_create_watch_and_clean_up(project: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"],
        cwd=project, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "2 failed, 7 passed" in result.stdout, result.stdout
    assert "app.Application has no method 'get_thread', which get_thread needs" in result.stdout
    for line in (
        "the run broke the contract of the agent events:",
        "- agent_thinking never came",
        "  1  agent_started",
        "  2  agent_completed",
    ):
        assert line in result.stdout
    assert "token-" not in result.stdout
