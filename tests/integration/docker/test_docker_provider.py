"""Services in containers of a real engine."""

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker_lab import DockerLab, engine_with
from msgspec.structs import replace
from services_lab import Lab, wait_for

from ci_toolkit.errors import ExitCode
from ci_toolkit.services.catalog.endpoint import Endpoint, Provider
from ci_toolkit.services.catalog.table import (
    BUILT_IN,
    Credentials,
    Migrations,
    Protocol,
    Service,
    ServiceEnvironment,
    Table,
    same_port,
)
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.errors import ImageMissingError, MigrationError, ServiceDiedError
from ci_toolkit.services.providers.docker.containers.snapshots import PACKED
from ci_toolkit.services.readiness.probe import ProbeStatus, ask
from ci_toolkit.services.started import Stack

NOWHERE = "127.0.0.1:9/nobody/nothing:1"
"""An image of a registry that refuses connections."""
IDENTIFIER = "SELECT system_identifier FROM pg_control_system()"
"""What initdb makes anew each time."""
SHOP_IMAGE = "ci-toolkit/test-shop:1"
SHOP = """\
FROM postgres:15
ENTRYPOINT []
CMD perl -MIO::Socket::INET -e '\
    my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 5, ReuseAddr => 1) or die $!; \
    while (my $client = $server->accept) { \
        while (<$client>) { last if /^\\r?$/ } \
        my $answer = "postgresql says " . `psql -At "$ENV{POSTGRESQL_URL}" -c "SELECT 42"`; chomp $answer; \
        print $client "HTTP/1.0 200 OK\\r\\nContent-Length: " . length($answer) . "\\r\\n\\r\\n$answer"; close $client }'
"""


def changed(name: str, **changes: object) -> Table:
    rows = (replace(row, **changes) if row.name == name else row for row in BUILT_IN.services)
    return Table(services=tuple(rows))


def scalar(endpoint: Endpoint, sql: str) -> str | None:
    with Connection(endpoint.host, endpoint.port, endpoint.credentials) as connection:
        return connection.scalar(sql)


def test_servers_answer_on_the_loopback_alone_and_leave_nothing_when_they_are_let_go(docker: DockerLab) -> None:
    with docker.acquire("postgresql", "redis") as stack:
        postgresql, redis = stack.endpoint("postgresql"), stack.endpoint("redis")
        assert (postgresql.provider, redis.provider) == (Provider.DOCKER, Provider.DOCKER)
        assert scalar(postgresql, "SHOW fsync") == "off"
        assert postgresql.version.startswith("15")
        assert ask(redis).status is ProbeStatus.READY
        for name, identity in docker.containers().items():
            ports = docker.engine.api.inspect_container(identity)["HostConfig"]["PortBindings"]
            bindings = [binding for found in ports.values() for binding in found]
            assert bindings == [{"HostIp": "127.0.0.1", "HostPort": str(stack.endpoint(name).port)}]
    docker.wait_until_nothing_is_left()


def test_a_warm_start_runs_neither_initdb_nor_the_migrations(docker: DockerLab, lab: Lab) -> None:
    """On the small image, whose shell and tools are others than those of the regular one."""
    migration = lab.root / "001.sql"
    migration.write_text(f"CREATE TABLE shop (id serial); INSERT INTO shop DEFAULT VALUES; -- {lab.root}")
    table = changed("postgresql", migrations=Migrations(files=("*.sql",)))
    with docker.acquire("postgresql", table=table, environment=ServiceEnvironment.TEST_ALPINE) as cold:
        assert "new snapshot" in cold.endpoint("postgresql").detail
        began = scalar(cold.endpoint("postgresql"), IDENTIFIER)
        scalar(cold.endpoint("postgresql"), "INSERT INTO shop DEFAULT VALUES")  # is in no snapshot
        wait_for(lambda: bool(docker.snapshots()))
    with docker.acquire("postgresql", table=table, environment=ServiceEnvironment.TEST_ALPINE) as warm:
        assert "warm snapshot" in warm.endpoint("postgresql").detail
        assert scalar(warm.endpoint("postgresql"), IDENTIFIER) == began
        assert scalar(warm.endpoint("postgresql"), "SELECT count(*) FROM shop") == "1"
    migration.write_text(f"CREATE TABLE another (); -- {lab.root}")
    with docker.acquire("postgresql", table=table, environment=ServiceEnvironment.TEST_ALPINE) as changed_since:
        assert "new snapshot" in changed_since.endpoint("postgresql").detail


CLUSTER = (
    "SELECT name, setting FROM pg_settings WHERE source = 'configuration file' ORDER BY name",
    "SELECT type, database, user_name, address, netmask, auth_method, error FROM pg_hba_file_rules ORDER BY line_number",
    "SELECT datname, pg_get_userbyid(datdba), encoding, datcollate, datctype, datacl FROM pg_database ORDER BY datname",
    "SELECT rolname, rolsuper, rolcanlogin, rolbypassrls FROM pg_roles ORDER BY rolname",
    "SELECT extname, extversion FROM pg_extension ORDER BY extname",
    "SELECT count(*) FROM pg_collation",
)
"""What a user can see of how a cluster was made."""


def test_an_empty_database_is_made_as_the_entry_point_of_the_image_makes_it(docker: DockerLab) -> None:
    login = Credentials(user="a user", password="p\"'$(id) %s\\", database='a "b" $c')
    by_itself = {"POSTGRES_HOST_AUTH_METHOD": "scram-sha-256"}  # which is the default, and is left to the entry point
    clusters = []
    for variables in ({}, by_itself):
        table = changed("postgresql", credentials=login, variables=variables)
        with docker.acquire("postgresql", table=table, force_recreate=True) as stack:
            endpoint = stack.endpoint("postgresql")
            with Connection(endpoint.host, endpoint.port, login) as connection:
                clusters.append([connection.query(sql) for sql in CLUSTER])
            said = docker.log("postgresql").read_text()
            assert (PACKED in said) == (not variables)
            assert ("server started" in said) == bool(variables)
    assert clusters[0] == clusters[1]


def test_what_an_image_runs_on_a_new_database_is_left_to_its_entry_point(docker: DockerLab) -> None:
    image = "postgres:ci-toolkit-test-scripts"
    docker.build(
        image, "FROM postgres:15\nRUN mkdir -p /docker-entrypoint-initdb.d && touch /docker-entrypoint-initdb.d/1.sql"
    )
    with docker.acquire("postgresql", table=changed("postgresql", image=image), force_recreate=True) as stack:
        assert scalar(stack.endpoint("postgresql"), "SELECT 1") == "1"
        said = docker.log("postgresql").read_text()
        assert PACKED not in said
        assert "server started" in said


def test_a_snapshot_without_migrations_holds_nothing_that_a_test_wrote(docker: DockerLab) -> None:
    login = Credentials(user="test", password="test", database=f"test-{docker.lab.root}")
    table = changed("postgresql", credentials=login)
    with docker.acquire("postgresql", table=table) as cold:
        began = scalar(cold.endpoint("postgresql"), IDENTIFIER)
        scalar(cold.endpoint("postgresql"), "CREATE TABLE left_behind ()")
        wait_for(lambda: bool(docker.snapshots()))
    with docker.acquire("postgresql", table=table) as warm:
        assert "warm snapshot" in warm.endpoint("postgresql").detail
        assert scalar(warm.endpoint("postgresql"), IDENTIFIER) == began
        assert scalar(warm.endpoint("postgresql"), "SELECT to_regclass('left_behind')") is None


HOSTILE = "s3 'cret\"$HOME `id` $(id) %s \\n <<END\nEND\nuser 2nd-line on nopass é"


@pytest.mark.parametrize("user", ["", "worker", "o'worker"])
@pytest.mark.parametrize("password", ["secret-of-redis", HOSTILE])
def test_a_login_of_redis_is_asked_for_and_stands_in_no_argument(docker: DockerLab, user: str, password: str) -> None:
    login = Credentials(user=user, password=password)
    with docker.acquire("redis", table=changed("redis", credentials=login)) as stack:
        endpoint = stack.endpoint("redis")
        assert ask(endpoint).status is ProbeStatus.READY
        assert ask(replace(endpoint, credentials=replace(login, password="wrong"))).status is ProbeStatus.DENIED
        assert (
            ask(replace(endpoint, credentials=Credentials(user="2nd-line", password="x"))).status is ProbeStatus.DENIED
        )
        facts = docker.engine.api.inspect_container(docker.containers()["redis"])
        said = str([facts["Path"], facts["Args"], facts["Config"]["Cmd"], facts["Config"]["Entrypoint"]])
        assert repr(password)[1:-1] not in said
        assert password not in said
        assert [command for command in commands_of_all_processes() if password[:12].encode() in command] == []


def commands_of_all_processes() -> Iterator[bytes]:
    """Yield the arguments of all processes of this machine, and so of its containers."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            yield path.read_bytes()


def test_failed_migrations_end_the_container(docker: DockerLab, lab: Lab) -> None:
    (lab.root / "001.sql").write_text("CREATE TABEL shop ()")
    with pytest.raises(MigrationError, match=r"001\.sql: .*TABEL"):
        docker.acquire("postgresql", table=changed("postgresql", migrations=Migrations(files=("*.sql",))))
    docker.wait_until_nothing_is_left()


def test_an_image_that_cannot_be_had_is_named_with_what_to_do(docker: DockerLab) -> None:
    with pytest.raises(ImageMissingError) as caught:
        docker.acquire("redis", table=changed("redis", image=NOWHERE))
    assert caught.value.exit_code is ExitCode.INFRASTRUCTURE
    assert f"the image {NOWHERE} of redis is not on this machine" in caught.value.message
    assert f"`docker pull {NOWHERE}`" in caught.value.advice
    docker.wait_until_nothing_is_left()


def test_a_server_that_ends_at_its_start_is_reported_with_the_end_of_its_log(docker: DockerLab) -> None:
    table = changed("postgresql", variables={"POSTGRES_PASSWORD": ""})
    with pytest.raises(ServiceDiedError, match=r"Error: .*POSTGRES_PASSWORD"):
        docker.acquire("postgresql", table=table)
    docker.wait_until_nothing_is_left()


def test_a_server_that_ends_in_mid_run_is_reported_and_its_container_is_gone(docker: DockerLab) -> None:
    with docker.acquire("redis") as stack:
        stack.check()
        docker.engine.api.kill(docker.containers()["redis"], "TERM")  # the shell inside passes it on
        wait_for(lambda: not docker.containers())
        wait_for(lambda: fails(stack))
        with pytest.raises(ServiceDiedError, match=r"(?s)redis ended by itself.*Received SIGTERM"):
            stack.check()
    docker.wait_until_nothing_is_left()


def fails(stack: Stack) -> bool:
    try:
        stack.check()
    except ServiceDiedError:
        return True
    return False


@pytest.mark.parametrize("environment", [ServiceEnvironment.TEST, ServiceEnvironment.TEST_ALPINE])
def test_clickhouse_answers_with_the_table_s_login_and_has_its_database(
    docker: DockerLab, environment: ServiceEnvironment
) -> None:
    engine_with(BUILT_IN.service("clickhouse").image_for(environment)).close()
    with docker.acquire("clickhouse", environment=environment) as stack:
        endpoint = stack.endpoint("clickhouse")
        assert ask(endpoint).status is ProbeStatus.READY
        wrong = replace(endpoint.credentials, password="wrong")
        assert ask(replace(endpoint, credentials=wrong)).status is ProbeStatus.DENIED
        login = endpoint.credentials
        query = urllib.request.Request(
            f"http://{endpoint.address}/?query=SELECT%20currentDatabase()&database={login.database}",
            headers={"X-ClickHouse-User": login.user, "X-ClickHouse-Key": login.password},
        )
        with urllib.request.urlopen(query, timeout=60) as answer:
            assert answer.read().decode().strip() == login.database
    docker.wait_until_nothing_is_left()


def test_a_service_of_the_teams_own_reaches_the_stores_by_their_names(docker: DockerLab) -> None:
    docker.build(SHOP_IMAGE, SHOP)
    shop = Service(
        name="shop", protocol=Protocol.HTTP, ports=same_port(8099), image=SHOP_IMAGE, container_port=8000, path="/"
    )
    with docker.acquire("postgresql", "shop", table=Table(services=(*BUILT_IN.services, shop))) as stack:
        with urllib.request.urlopen(stack.endpoint("shop").url(), timeout=60) as answer:
            assert answer.read() == b"postgresql says 42"
        assert len(docker.networks()) == 1
        stack.end("shop", by_force=True)
        stack.check()  # it was told to end
        stack.start_again("shop")
        with urllib.request.urlopen(stack.endpoint("shop").url(), timeout=60) as answer:
            assert answer.read() == b"postgresql says 42"
        stack.start_again("postgresql")  # it has its name and its address as before
        with urllib.request.urlopen(stack.endpoint("shop").url(), timeout=60) as answer:
            assert answer.read() == b"postgresql says 42"
    docker.wait_until_nothing_is_left()


def test_a_workers_own_service_reaches_the_stores_of_the_run_which_are_another_session_s(docker: DockerLab) -> None:
    docker.build(SHOP_IMAGE, SHOP)
    shop = Service(
        name="shop", protocol=Protocol.HTTP, ports=same_port(8099), image=SHOP_IMAGE, command=("shop",),
        depends_on=("postgresql",), path="/",
    )  # fmt: skip
    table = Table(services=(*BUILT_IN.services, shop))
    with docker.acquire("postgresql", table=table) as run:
        for worker in ("gw0", "gw1"):
            request = replace(docker.request("shop"), given=run.endpoints, worker=worker)
            with docker.lab.acquire(table=table, request=request) as own:
                with urllib.request.urlopen(own.endpoint("shop").url(), timeout=60) as answer:
                    assert answer.read() == b"postgresql says 42"
                assert len(docker.networks()) == 1
            assert docker.networks() == []  # the store goes on, and is in nobody's network
            assert scalar(run.endpoint("postgresql"), "SELECT 42") == "42"
    docker.wait_until_nothing_is_left()


def test_a_container_that_does_not_reach_what_it_depends_on_says_so(docker: DockerLab) -> None:
    docker.build(SHOP_IMAGE, SHOP)
    outside = Endpoint(name="auth", protocol=Protocol.HTTP, port=9, credentials=Credentials())
    shop = Service(
        name="shop", protocol=Protocol.HTTP, ports=same_port(8099), image=SHOP_IMAGE, depends_on=("auth",), path="/"
    )
    request = replace(docker.request("shop"), given=(outside,), worker="gw0")
    with docker.lab.acquire(table=Table(services=(*BUILT_IN.services, shop)), request=request) as stack:
        assert stack.endpoint("shop").detail == f"{SHOP_IMAGE}, which does not reach auth"
        assert "Give it an `image`" in docker.log("shop").read_text()
    docker.wait_until_nothing_is_left()


def test_every_server_is_said_with_its_provider_version_and_image(docker: DockerLab, lab: Lab) -> None:
    with docker.acquire("redis", environment=ServiceEnvironment.TEST_ALPINE) as stack:
        line = next(line for line in lab.told if line.startswith("redis"))
        assert f"docker 127.0.0.1:{stack.endpoint('redis').port}" in line
        assert "(redis:7-alpine)" in line
