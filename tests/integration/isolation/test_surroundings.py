"""Tests with real services in a developer's shell that speaks of other servers, and servers that start before the tests."""

from isolation_project import PYPROJECT, Project, home, project

__all__ = ["home", "project"]

SHELL = {
    "PGSSLMODE": "verify-full",
    "PGSERVICE": "production",
    "PGHOST": "production.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}
CLIENTS = """
import os, psycopg, urllib.request
from http.server import HTTPServer, SimpleHTTPRequestHandler
from threading import Thread

def test_libpq_reaches_this_workers_database(real_db_sync):
    with psycopg.connect(os.environ["DATABASE_URL"]) as told, psycopg.connect() as untold:
        told.execute("INSERT INTO users (email) VALUES ('a')")
        told.commit()
        assert untold.execute("SELECT count(*) FROM users").fetchone() == (1,)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").status == 200
        thread.join()

def test_the_next_finds_nothing(real_db_sync):
    with psycopg.connect() as other:
        assert other.execute("SELECT count(*) FROM users").fetchone() == (0,)

def test_without_services_the_shell_is_as_it_was():
    assert os.environ["PGSERVICE"] == "production"
"""
MIGRATION = "import os, pathlib; pathlib.Path('migrated').write_text(os.environ.get('PGSERVICE', 'of its own'))"
FIRST = """
from pathlib import Path

def test_needs_nothing():
    assert Path("migrated").read_text() == "of its own"

def test_needs_a_database(real_db): ...
"""


def test_clients_reach_our_servers_in_a_shell_of_other_servers(project: Project) -> None:
    project.write("test_a.py", CLIENTS)
    done = project.run(**SHELL)
    assert "3 passed" in done, done


def test_servers_are_up_before_the_first_test_whose_time_they_would_take(project: Project) -> None:
    project.write("migrate.py", MIGRATION)
    migrated = PYPROJECT.replace("migrations = ", 'migrate = ["python3", "migrate.py"]\nmigrations = ')
    project.write("pyproject.toml", migrated)
    project.write("test_a.py", FIRST)
    done = project.run(PGSERVICE="production")
    assert "2 passed" in done, done
