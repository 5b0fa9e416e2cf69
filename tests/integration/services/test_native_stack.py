"""PostgreSQL, Redis, ClickHouse and a team's own services as child processes of a keeper."""

import os
import socket
import sys
import textwrap
from pathlib import Path
from urllib.request import urlopen

import pytest
from services_lab import Lab, needs, wait_for

from ci_toolkit.masking import MASK
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import Credentials, Migrations, Protocol
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError
from ci_toolkit.services.errors import MigrationError, NoProviderError, PortTakenError, ServiceDiedError
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.stack import StackRequest
from ci_toolkit.services.storage.folders import CACHE_VARIABLE
from ci_toolkit.services.supervision.session import deaths

SERVER = """
import http.server, json, os, subprocess, sys
if "--with-child" in sys.argv:
    subprocess.Popen(["sleep", "600"], start_new_session=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def rows(endpoint: Endpoint, sql: str) -> list[tuple[str | None, ...]]:
    with Connection(endpoint.host, endpoint.port, endpoint.credentials) as connection:
        return connection.query(sql)


def test_services_answer_on_dynamic_ports_and_leave_nothing(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS, Protocol.CLICKHOUSE)
    with lab.acquire("clickhouse", "redis", "postgresql") as stack:
        assert [endpoint.name for endpoint in stack.endpoints] == ["postgresql", "redis", "clickhouse"]
        assert {endpoint.provider for endpoint in stack.endpoints} == {Provider.NATIVE}
        assert all(ask(endpoint).status is ProbeStatus.READY for endpoint in stack.endpoints)
        postgresql = stack.endpoint("postgresql")
        assert rows(postgresql, "SELECT current_database(), current_setting('fsync')") == [("test", "off")]
        assert stack.variables()["DATABASE_URL"] == f"postgresql://test:test@127.0.0.1:{postgresql.port}/test"
        assert any(f"redis {stack.endpoint('redis').version} native 127.0.0.1:" in line for line in lab.told)
        stack.check()
    assert lab.left() == []


def test_logs_are_saved_for_the_bundle(lab: Lab) -> None:
    needs(Protocol.REDIS)
    with lab.acquire("redis") as stack:
        (saved,) = stack.save_logs(lab.root / "bundle" / "services")
    assert saved.name == "redis.log"
    assert "Ready to accept connections" in saved.read_text()


def test_servers_listen_on_the_loopback_only(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS, Protocol.CLICKHOUSE)
    with lab.acquire("postgresql", "redis", "clickhouse") as stack:
        ports = {f"{endpoint.port:04X}" for endpoint in stack.endpoints}
        tables = "".join(Path(f"/proc/net/{table}").read_text() for table in ("tcp", "tcp6"))
        lines = [line.split() for line in tables.splitlines()]
        assert {line[1].split(":")[0] for line in lines if line[1].split(":")[-1] in ports} == {"0100007F"}


def test_the_same_owner_gets_the_same_stack_and_more_when_it_asks_for_more(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL, Protocol.REDIS)
    with lab.acquire("redis") as first:
        with lab.acquire("redis", "postgresql") as second:
            assert second.endpoint("redis") == first.endpoint("redis")
            assert lab.told[-1].startswith("postgresql")
        assert ask(first.endpoint("redis")).status is ProbeStatus.READY, "who only attached ends nothing"
        assert len(lab.ready_sessions()) == 1
    assert lab.left() == []


def test_migrations_run_once_and_are_in_the_next_snapshot(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    (lab.root / "migrations").mkdir()
    (lab.root / "migrations" / "2.sql").write_text("INSERT INTO item VALUES (7); CREATE VIEW seven AS TABLE item")
    (lab.root / "migrations" / "1.sql").write_text("CREATE TABLE item (number int)")
    table = lab.table("postgresql", migrations=Migrations(files=("migrations/*.sql",)))
    for detail in ("new snapshot", "warm snapshot"):
        with lab.acquire("postgresql", table=table) as stack:
            assert stack.endpoint("postgresql").detail == detail
            assert rows(stack.endpoint("postgresql"), "TABLE seven") == [("7",)]
            rows(stack.endpoint("postgresql"), "DELETE FROM item")
    (lab.root / "migrations" / "3.sql").write_text("INSERT INTO item VALUES (8)")
    with lab.acquire("postgresql", table=table) as stack:
        assert stack.endpoint("postgresql").detail == "new snapshot"
        assert rows(stack.endpoint("postgresql"), "TABLE seven") == [("7",), ("8",)]


def test_a_snapshot_that_does_not_serve_is_made_anew(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(Protocol.POSTGRESQL)
    monkeypatch.setenv(CACHE_VARIABLE, str(lab.root / "cache"))
    lab.acquire("postgresql").stop()
    for version in (lab.root / "cache").glob("snapshots/*/PG_VERSION"):
        version.unlink()
    for detail in ("new snapshot in place of a broken one", "warm snapshot"):
        with lab.acquire("postgresql") as stack:
            assert stack.endpoint("postgresql").detail == detail


def test_a_migration_command_runs_in_the_project_with_the_database_in_its_environment(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    code = """
        import os, pathlib
        from ci_toolkit.services.databases.connection import Connection
        from ci_toolkit.services.catalog.table import Credentials
        login = Credentials(user=os.environ["POSTGRES_USER"], password=os.environ["POSTGRES_PASSWORD"], database="test")
        with Connection(os.environ["POSTGRES_HOST"], int(os.environ["POSTGRES_PORT"]), login) as connection:
            connection.query("CREATE TABLE made_in_" + pathlib.Path.cwd().name + " ()")
    """
    (lab.root / "migrate.py").write_text(textwrap.dedent(code))
    table = lab.table("postgresql", migrations=Migrations(command=(sys.executable, "migrate.py"), files=("*.py",)))
    with lab.acquire("postgresql", table=table) as stack:
        assert rows(stack.endpoint("postgresql"), "TABLE made_in_project") == []


@pytest.mark.parametrize(
    ("migrations", "said"),
    [
        (Migrations(files=("*.sql",)), "bad.sql: syntax error"),
        (Migrations(files=("nowhere/*.sql",)), "no file matches nowhere"),
        (
            Migrations(command=(sys.executable, "-c", "print('column is missing'); exit(3)"), files=("*.sql",)),
            "column is missing",
        ),
        (
            Migrations(
                command=(sys.executable, "-c", "import os; print(os.environ['POSTGRESQL_URL']); exit(3)"), files=("*",)
            ),
            f"postgresql://test:{MASK}@",
        ),
        (Migrations(command=("no-such-program",), files=("*.sql",)), "`no-such-program` did not run"),
    ],
)
def test_a_migration_that_fails_says_which_and_leaves_nothing(lab: Lab, migrations: Migrations, said: str) -> None:
    needs(Protocol.POSTGRESQL)
    (lab.root / "bad.sql").write_text("CREATE TABEL item ()")
    with pytest.raises(MigrationError) as caught:
        lab.acquire("postgresql", table=lab.table("postgresql", migrations=migrations))
    assert said in str(caught.value)
    assert caught.value.exit_code == 4
    assert lab.left() == []


def test_redis_asks_for_the_password_of_the_table(lab: Lab) -> None:
    needs(Protocol.REDIS)
    table = lab.table("redis", credentials=Credentials(password='se"cret'))
    with lab.acquire("redis", table=table) as stack:
        endpoint = stack.endpoint("redis")
        assert ask(endpoint).status is ProbeStatus.READY
        stranger = Endpoint(name="redis", protocol=Protocol.REDIS, port=endpoint.port)
        assert ask(stranger).status is ProbeStatus.DENIED


def test_postgresql_refuses_who_does_not_know_the_password(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    login = Credentials(user="test", password="wrong", database="test")
    with lab.acquire("postgresql") as stack, pytest.raises(SqlError, match="authentication failed"):
        Connection("127.0.0.1", stack.endpoint("postgresql").port, login)


def test_a_teams_own_service_gets_its_port_and_the_other_services(lab: Lab) -> None:
    needs(Protocol.REDIS)
    (lab.root / "server.py").write_text(SERVER)
    table = lab.table("backend", command=(sys.executable, "server.py", "{port}", "--with-child"))
    with lab.acquire("backend", "redis", table=table) as stack:
        backend = stack.endpoint("backend")
        with urlopen(f"http://{backend.address}/health", timeout=60) as answer:
            text = answer.read().decode()
        assert f'"REDIS_PORT": "{stack.endpoint("redis").port}"' in text
        assert f'"PORT": "{backend.port}"' in text
    lab.wait_until_nothing_is_left()


def test_a_command_finds_the_python_that_runs_us_where_the_path_does_not_name_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    (lab.root / "server.py").write_text("import ci_toolkit\n" + SERVER)
    ready = ("python", "-c", "import ci_toolkit")
    table = lab.table("backend", command=("python", "server.py", "{port}"), ready_command=ready, depends_on=())
    with lab.acquire("backend", table=table) as stack:
        assert stack.endpoint("backend").provider is Provider.NATIVE
    lab.wait_until_nothing_is_left()


def test_a_command_that_is_no_program_is_named(lab: Lab) -> None:
    with pytest.raises(ServiceDiedError, match="the command of backend cannot be started: no program pythn"):
        lab.acquire("backend", table=lab.table("backend", command=("pythn", "-m", "app")))


def test_a_service_without_a_command_says_what_to_do(lab: Lab) -> None:
    with pytest.raises(NoProviderError) as caught:
        lab.acquire("frontend")
    assert "the table has no command for frontend" in str(caught.value)


def test_a_second_run_on_the_same_ports_names_the_first_and_may_take_other_ports(lab: Lab) -> None:
    needs(Protocol.REDIS)
    table = lab.table("redis")
    fixed = StackRequest(services=("redis",))
    with lab.acquire(table=table, request=fixed) as first:
        session = lab.ready_sessions()[0].session
        with pytest.raises(PortTakenError) as caught:
            lab.acquire(table=table, request=fixed, owner_pid=os.getppid())
        assert f"session {session}" in str(caught.value)
        assert "--dynamic-ports" in str(caught.value)
        with lab.acquire("redis", table=table, owner_pid=os.getppid()) as second:
            assert second.endpoint("redis").port != first.endpoint("redis").port
            for info in lab.ready_sessions():
                if info.owner is not None and info.owner.pid == os.getppid():
                    os.kill(info.keeper.pid, 15)
    lab.wait_until_nothing_is_left()


def test_services_that_are_up_with_older_migrations_are_not_used(lab: Lab) -> None:
    needs(Protocol.POSTGRESQL)
    (lab.root / "1.sql").write_text("CREATE TABLE item ()")
    table = lab.table("postgresql", migrations=Migrations(files=("*.sql",)))
    request = StackRequest(services=("postgresql",))
    up = lab.acquire(table=table, request=request, owner_pid=None)
    with lab.acquire(table=table, request=request) as run:
        assert run.endpoints == up.endpoints
    (lab.root / "2.sql").write_text("CREATE TABLE other ()")
    with pytest.raises(PortTakenError, match="services down"):
        lab.acquire(table=table, request=request)
    up.stop()
    assert lab.left() == []


def test_a_server_that_ends_in_mid_run_is_named_with_its_log(lab: Lab) -> None:
    needs(Protocol.REDIS)
    with lab.acquire("redis") as stack:
        with socket.create_connection(("127.0.0.1", stack.endpoint("redis").port)) as connection:
            connection.sendall(b"SHUTDOWN NOSAVE\r\n")
        wait_for(lambda: deaths(lab.registry, lab.ready_sessions()[0].session) != ())
        with pytest.raises(ServiceDiedError, match=r"(?s)redis ended by itself.*bye bye"):
            stack.check()
        assert "ended" in lab.ci_toolkit("services", "status").stdout
    assert lab.left() == []
