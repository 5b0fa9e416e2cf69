"""A test that stops, kills or restarts a service: it runs again for the next one, and nobody calls that a death."""

import sys

from dependent_services import with_services
from isolation_project import Project, home, project

__all__ = ["home", "project"]
OWN = """
import os, signal, urllib.error, pytest
from asking import ask

async def test_restart_gives_another_process_on_the_same_port(real_services):
    before = ask(real_services["backend_url"])
    assert real_services.restart("backend") == real_services["backend_url"]
    after = ask(real_services["backend_url"])
    assert before["pid"] != after["pid"] and before["DATABASE_URL"] == after["DATABASE_URL"]

@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_one_that_is_ended_is_down(real_services, end):
    url = real_services["backend_url"]
    getattr(real_services, end)("backend")
    with pytest.raises(OSError):
        ask(url)

async def test_the_next_test_finds_it_healthy(real_services):
    assert ask(real_services["backend_url"])["name"] == "backend"

async def test_one_that_a_test_killed_by_itself_can_be_had_again(real_services):
    os.kill(ask(real_services["backend_url"])["pid"], signal.SIGKILL)
    real_services.restart("backend")
    assert ask(real_services["backend_url"])["name"] == "backend"

async def test_a_failure_beside_it_is_no_death(real_services):
    real_services.kill("frontend")
    assert 1 == 2
"""
STORES = """
import pytest
from redis.exceptions import RedisError
from sqlalchemy import text

async def test_redis_is_gone(real_services):
    await real_services["redis"].set("key", "value")
    real_services.stop("redis")
    with pytest.raises(RedisError):
        await real_services["redis"].get("key")

async def test_redis_is_there_again_and_empty(real_redis):
    assert await real_redis.dbsize() == 0
    await real_redis.set("key", "value")

async def test_postgresql_keeps_what_was_committed(real_services, real_db):
    await real_db.execute(text("INSERT INTO users (email) VALUES ('a')"))
    await real_db.commit()
    real_services.restart("postgresql")
    await real_db.close()
    from sqlalchemy.ext.asyncio import create_async_engine
    engine = create_async_engine(real_services["database_url"].replace("postgresql://", "postgresql+psycopg://"))
    async with engine.connect() as connection:
        assert list(await connection.scalars(text("SELECT email FROM users"))) == ["a"]
    await engine.dispose()

async def test_and_the_next_test_sees_nothing_of_it(real_db, real_redis):
    assert list(await real_db.scalars(text("SELECT email FROM users"))) == []
    assert await real_redis.dbsize() == 0
"""
SEED = f"""
[tool.ci-toolkit.services.fill]
protocol = "job"
command = ['{sys.executable}', 'fill.py']
depends-on = ["backend", "postgresql"]
"""
JOB = """
import os, psycopg
assert os.environ["BACKEND_URL"]
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("INSERT INTO users (email) VALUES ('filled')")
"""
FILLED = """
import pytest
from sqlalchemy import text

@pytest.mark.parametrize("time", range(2))
async def test_it_runs_for_each_test_that_asks_for_it(real_services, time):
    await real_services["db"].execute(text("INSERT INTO users (email) VALUES ('mine')"))
    await real_services["db"].commit()
    real_services.start("fill")
    assert set(await real_services["db"].scalars(text("SELECT email FROM users"))) == {"mine", "filled"}

async def test_no_other_test_has_what_it_wrote(real_db):
    assert list(await real_db.scalars(text("SELECT email FROM users"))) == []
"""


def test_a_service_that_a_test_ends_runs_again_for_the_next(project: Project) -> None:
    with_services(project)
    project.write("test_own.py", OWN)
    output = project.run("-q")
    assert "1 failed, 5 passed" in output, output
    assert "ended by itself" not in output


def test_stores_that_are_one_workers_alone_can_be_stopped_and_restarted(project: Project) -> None:
    project.write("test_stores.py", STORES)
    output = project.run("-q")
    assert "4 passed" in output, output
    assert "the server recovered" not in output


def test_a_store_that_other_workers_use_is_not_stopped(project: Project) -> None:
    stops = "import pytest\n\n\nasync def test_stops(real_services):\n    real_services.stop({name!r})\n"
    project.write("test_a.py", stops.format(name="postgresql"))
    project.write("test_b.py", stops.format(name="redis"))
    output = project.run("-q", "-n2", "--dist=loadfile")
    assert "1 failed, 1 passed" in output, output
    assert "postgresql is not this worker's alone" in output


def test_a_job_that_needs_a_service_runs_for_each_test_that_asks(project: Project) -> None:
    with_services(project, SEED)
    project.write("fill.py", JOB)
    project.write("test_filled.py", FILLED)
    output = project.run("-q")
    assert "3 passed" in output, output
