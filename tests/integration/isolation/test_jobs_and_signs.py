"""A team's programs without a port: queue workers, which say when they are ready, and jobs, which fill the stores."""

import sys

import pytest
from isolation_project import PYPROJECT, Project, home, project

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import find_server

__all__ = ["home", "project"]
ROWS = f"""
[tool.ci-toolkit.services.queue]
protocol = "none"
command = ['{sys.executable}', 'queue_worker.py']
ready-log = "^works off \\\\w+$"
depends-on = ["redis", "seed"]
[tool.ci-toolkit.services.auth]
command = ['{sys.executable}', '-m', 'http.server', '--bind', '127.0.0.1', '{{port}}']
path = "/no-such-page"
ready-command = ['{sys.executable}', '-c', 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])', 'http://127.0.0.1:{{port}}']
depends-on = []
[tool.ci-toolkit.services.seed]
protocol = "job"
command = ['{sys.executable}', 'seed.py']
depends-on = ["postgresql", "redis"]
"""
QUEUE = """
import os, redis
client = redis.Redis.from_url(os.environ["REDIS_URL"])
print("begins")
print("works off orders")
while True:
    _, order = client.blpop("orders")
    client.rpush("done", order)
"""
SEED = """
import os, psycopg, redis
assert "PORT" not in os.environ
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    database.execute("INSERT INTO users (email) VALUES ('seeded')")
redis.Redis.from_url(os.environ["REDIS_URL"]).set("plan", "free")
print("seeded")
"""
TESTS = """
import pytest
from sqlalchemy import text

async def users(db):
    return list(await db.scalars(text("SELECT email FROM users ORDER BY id")))

@pytest.mark.parametrize("time", range(3))
async def test_every_test_finds_what_the_job_left_and_no_more(real_db, real_redis, time):
    assert await users(real_db) == ["seeded"]
    assert await real_redis.get("plan") == b"free" and await real_redis.dbsize() == 1
    await real_db.execute(text("UPDATE users SET email = 'changed'"))
    await real_db.execute(text("INSERT INTO users (email) VALUES ('mine')"))
    await real_db.commit()
    await real_redis.flushall()

async def test_a_queue_worker_works_for_the_test(real_services):
    assert real_services.start("queue") == "" and "queue_url" not in real_services
    await real_services["redis"].rpush("orders", "tea")
    assert await real_services["redis"].blpop("done", timeout=60) == (b"done", b"tea")

async def test_a_command_says_that_a_service_is_ready(real_services):
    assert real_services["auth_url"].startswith("http://127.0.0.1:")
"""


def test_jobs_fill_the_stores_once_for_each_worker_and_a_queue_worker_runs_beside_them(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT + ROWS)
    project.write("queue_worker.py", QUEUE)
    project.write("seed.py", SEED)
    project.write("test_jobs.py", TESTS)
    output = project.run("-q")
    assert "5 passed" in output, output
    assert "seed native done in" in output, output
    assert "queue native ready in" in output, output
    assert output.count("seed native") == 1


def test_a_job_that_fails_is_exit_4_with_the_end_of_its_output(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT + ROWS)
    project.write("seed.py", "import sys\nprint('the plan is missing')\nsys.exit(3)\n")
    project.write("test_jobs.py", "def test_a(real_db_sync): ...\n\n\ndef test_b(real_db_sync): ...\n")
    process = project.start("-q")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 4, output
    assert "the job seed failed; the end of its output:\n    the plan is missing\n    (exit status 3)" in output


def test_what_is_never_ready_says_which_sign_did_not_come(project: Project) -> None:
    project.write(
        "pyproject.toml",
        f"{PYPROJECT}{ROWS}".replace('depends-on = ["redis", "seed"]', "ready-seconds = 0.5\ndepends-on = []"),
    )
    project.write("queue_worker.py", "import time\nprint('begins')\nwhile True:\n    time.sleep(1)\n")
    up = project.ci_toolkit("services", "up", "queue")
    assert up.returncode == 4
    assert "queue was not ready within 0.5 s: no line of its log matches '^works off" in up.stderr
    assert "begins" in up.stderr


CLICKHOUSE = f"""
[tool.ci-toolkit.services]
postgresql = false
redis = false
[tool.ci-toolkit.services.events]
protocol = "job"
command = ['{sys.executable}', 'events.py']
depends-on = ["clickhouse"]
"""
EVENTS = """
import os, urllib.request
login = {"X-ClickHouse-User": "test", "X-ClickHouse-Key": "test"}
host = f"http://127.0.0.1:{os.environ['CLICKHOUSE_PORT']}"
database = os.environ["CLICKHOUSE_URL"].rpartition("/")[2]

def ask(statement):
    request = urllib.request.Request(f"{host}/?database={database}", data=statement.encode(), headers=login)
    return urllib.request.urlopen(request, timeout=60).read().decode().strip()

if __name__ == "__main__":
    ask("CREATE TABLE events (name String) ENGINE = MergeTree ORDER BY name")
    ask("INSERT INTO events VALUES ('seeded')")
"""


def test_a_job_makes_the_schema_of_clickhouse(project: Project) -> None:
    if find_server(Protocol.CLICKHOUSE) is None:
        pytest.skip("needs a ClickHouse server")
    project.write("pyproject.toml", CLICKHOUSE + PYPROJECT[PYPROJECT.index("[tool.pytest") :])
    project.write("events.py", EVENTS)
    project.write(
        "test_events.py",
        "import pytest\n\n\n@pytest.mark.parametrize('time', range(3))\n"
        "async def test_events(real_services, time):\n"
        "    assert real_services['clickhouse_url']\n"
        "    from events import ask\n"
        "    assert ask('SELECT name FROM events') == 'seeded'\n"
        "    ask(\"INSERT INTO events VALUES ('mine')\") if time else ask('DROP TABLE events')\n",
    )
    output = project.run("-q")
    assert "3 passed" in output, output
