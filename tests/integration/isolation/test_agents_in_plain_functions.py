"""An agent that is made in a plain function has the services of the test that runs, and nothing of it is left."""

import sys

from isolation_project import PYPROJECT, Project, home, project

__all__ = ["home", "project"]
ROWS = f"""
[tool.ci-toolkit.framework]
application = "app:Application"
[tool.ci-toolkit.services.backend]
protocol = "websocket"
path = "/ws"
command = ['{sys.executable}', 'backend.py']
"""
BACKEND = """
import asyncio, json, os
from websockets.asyncio.server import serve

async def talk(connection):
    async for text in connection:
        for event in (
            {"type": "agent_started", "user_id": "u", "thread_id": "t", "timestamp": 1},
            {"type": "agent_thinking", "reasoning": "r", "timestamp": 2},
            {"type": "agent_completed", "status": "success", "final_response": "done", "timestamp": 3},
        ):
            await connection.send(json.dumps(event))

async def main():
    async with serve(talk, "127.0.0.1", int(os.environ["PORT"])) as server:
        await server.serve_forever()

asyncio.run(main())
"""
APP = """
from types import SimpleNamespace
from models import User

class Application:
    async def create_user(self, services, *, email, subscription):
        assert services["backend_url"] and await services["redis"].incr("users") == 1
        user = User(email=email)
        services["db"].add(user)
        await services["db"].commit()
        return SimpleNamespace(email=email, token=f"token-{user.id}")
"""
TESTS = """
import pytest
from sqlalchemy import text
from ci_toolkit.test_framework.agent_test_helpers import assert_agent_execution, create_test_agent

async def ask():
    assert_agent_execution(await create_test_agent("cost_optimizer").execute("Optimize my costs"))

async def test_agent():
    agent = create_test_agent("cost_optimizer")
    result = await agent.execute("Optimize my costs")
    assert_agent_execution(result)

async def test_beside_the_fixtures(real_db, real_redis):
    assert list(await real_db.scalars(text("SELECT email FROM users"))) == []
    await ask()
    assert len(list(await real_db.scalars(text("SELECT email FROM users")))) == 1

@pytest.fixture
async def asked(real_services):
    await ask()

async def test_in_a_fixture(asked, real_services):
    assert len(list(await real_services["db"].scalars(text("SELECT email FROM users")))) == 1
"""


def test_an_agent_of_a_plain_function_has_the_services_of_its_test(project: Project) -> None:
    project.write("pyproject.toml", f'{PYPROJECT}pythonpath = ["."]\n{ROWS}')
    for name, text in {"backend.py": BACKEND, "app.py": APP, "test_agents.py": TESTS}.items():
        project.write(name, text)
    output = project.run("-q", "-p", "no:randomly")
    assert "3 passed" in output, output
