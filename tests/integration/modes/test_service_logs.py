"""The logs of the services are in the bundles, whoever started them, and whoever merges may be lied to about them."""

import json
import sys
from pathlib import Path

import pytest
from fixed_port import fixed_port
from main_job_project import Project

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server

pytestmark = pytest.mark.skipif(
    find_server(Protocol.REDIS) is None, reason=f"needs redis-server: {HOW_TO_GET[Protocol.REDIS]}"
)
SHUT_DOWN = "real_redis_sync.shutdown(nosave=True)"


@pytest.fixture
def services(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose Redis nobody else has, on a port of its own."""
    monkeypatch.setenv("CI_TOOLKIT_SERVICES_DIR", str(tmp_path / "registry"))
    project.write(
        {
            "pyproject.toml": "[tool.ci-toolkit.categories.cache]\nservices = ['redis']\n"
            f"[tool.ci-toolkit.services]\npostgresql = false\n[tool.ci-toolkit.services.redis]\nport = {fixed_port()}\n"
        }
    )
    return project


def write_tests(project: Project, **bodies: str) -> None:
    project.write(
        {f"tests/cache/test_{name}.py": f"def test_{name}(real_redis_sync): {body}\n" for name, body in bodies.items()}
    )


def logs(project: Project, index: int) -> dict[str, str]:
    return {path.name: path.read_text() for path in (project.results / f"shard-{index}" / "services").iterdir()}


def test_shards_side_by_side_share_what_fixtures_start_and_each_bundle_has_its_log(services: Project) -> None:
    write_tests(services, one="real_redis_sync.set('a', 'b')", two="real_redis_sync.set('a', 'b')")
    done = services.ci_toolkit("run", "--shards", "2", "--jobs", "2")
    assert done.returncode == 0, done.stdout
    for index in (1, 2):
        assert "Ready to accept connections" in logs(services, index)["redis.log"]
    assert "redis.log" not in done.stdout
    assert "no services are running" in services.ci_toolkit("services", "status").stderr


def test_shards_side_by_side_do_not_feel_what_the_other_does_to_a_whole_server(services: Project) -> None:
    body = (
        "\n    for _ in range(40):\n        real_redis_sync.set('key', 'mine')\n        real_redis_sync.flushall()\n"
        "        real_redis_sync.acl_setuser('other', enabled=True)\n        assert real_redis_sync.dbsize() == 0"
    )
    write_tests(services, **dict.fromkeys(("one", "two", "three", "four"), body))
    done = services.ci_toolkit("run", "--shards", "2", "--jobs", "2")
    assert done.returncode == 0, done.stdout


def test_a_run_that_starts_the_services_itself_has_their_logs_too(services: Project) -> None:
    services.write({"tests/cache/test_c.py": "def test_c(): assert 0\n"})
    done = services.ci_toolkit("run", "--category", "cache", "--real-services", "--shards", "1")
    assert done.returncode == 1, done.stdout
    assert "Ready to accept connections" in logs(services, 1)["redis.log"]
    assert "note: what the services of shard 1 said: .ci-toolkit/results/shard-1/services/redis.log" in done.stdout


def test_a_service_of_fixtures_that_dies_ends_shard_with_4_and_the_merge_is_not_green(
    services: Project,
) -> None:
    write_tests(services, dies=SHUT_DOWN)
    services.ci_toolkit("plan", "--shards", "1").check_returncode()
    shard = services.ci_toolkit("shard", "1")
    assert shard.returncode == 4, shard.stderr
    assert "a service did not live as long as the tests (see .ci-toolkit/results/shard-1/services)" in shard.stderr
    assert "bye bye" in logs(services, 1)["redis.log"]
    assert services.ci_toolkit("merge").returncode != 0
    assert any("shard-1/services/redis.log" in note for note in services.verdict["notes"])


def test_a_test_that_kills_its_process_takes_no_service_and_no_log_with_it(services: Project) -> None:
    write_tests(services, a="__import__('os')._exit(3)", b="real_redis_sync.set('a', 'b')")
    assert services.ci_toolkit("run", "--shards", "1").returncode == 1
    assert services.verdict["counts"]["passed"] == 1
    assert logs(services, 1)["redis.log"].count("Ready to accept connections") == 1


def test_the_log_of_a_teams_own_service_is_named_after_its_worker(services: Project) -> None:
    pyproject = (services.folder / "pyproject.toml").read_text()
    services.write(
        {
            "pyproject.toml": f"{pyproject}[tool.ci-toolkit.services.backend]\npath = '/'\n"
            f"command = ['{sys.executable}', '-m', 'http.server', '--bind', '127.0.0.1', '{{port}}']\n"
            "variables = { API_KEY = 'hush-hush' }\ndepends-on = ['queue']\n"
            "[tool.ci-toolkit.services.queue]\nprotocol = 'none'\nready-log = 'works'\ndepends-on = ['seed']\n"
            f"command = ['{sys.executable}', '-c', 'import time; print(\"works\"); time.sleep(99)']\n"
            "[tool.ci-toolkit.services.seed]\nprotocol = 'job'\ndepends-on = ['redis']\n"
            f"command = ['{sys.executable}', '-c', 'print(\"has seeded with a-long-secret\")']\n"
            "variables = { SEED_TOKEN = 'a-long-secret' }\n",
            "pytest.ini": "[pytest]\n",
            "tests/cache/test_b.py": "async def test_b(real_services): assert real_services['backend_url']\n"
            "def test_c(real_redis_sync): assert 1\n",
        }
    )
    done = services.ci_toolkit("run", "--shards", "1", "--", "-o", "asyncio_mode=auto", "-n", "1")
    assert done.returncode == 0, done.stdout
    found = logs(services, 1)
    assert "GET / HTTP" in found["backend-1-gw0.log"]
    assert "works" in found["queue-1-gw0.log"]
    assert found["seed-1-gw0.log"] == "has seeded with ***\n"


def test_the_log_of_a_job_that_fails_is_kept_whole(services: Project) -> None:
    pyproject = (services.folder / "pyproject.toml").read_text()
    job = "[tool.ci-toolkit.services.seed]\nprotocol = 'job'\ndepends-on = ['redis']\n"
    services.write(
        {
            "pyproject.toml": f"{pyproject}{job}command = ['{sys.executable}', 'seed.py']\n",
            "seed.py": "for n in range(99): print(f'line {n}')\nassert False\n",
            "tests/cache/test_b.py": "def test_b(real_redis_sync): assert 1\n",
        }
    )
    done = services.ci_toolkit("run", "--shards", "1")
    assert done.returncode == 4, done.stdout
    assert "the job seed failed" in done.stdout + done.stderr
    assert logs(services, 1)["seed-1-main.log"].startswith("line 0\nline 1\n")


def test_a_run_without_services_needs_no_place_for_them_and_makes_none(
    services: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.write({"tests/cache/test_c.py": "def test_c(): pass\n"})
    for place in (tmp_path / "nowhere", tmp_path / "file" / "below"):
        (tmp_path / "file").touch()
        monkeypatch.setenv("CI_TOOLKIT_SERVICES_DIR", str(place))
        assert services.ci_toolkit("run", "--shards", "1").returncode == 0
        assert not place.exists()


def test_merging_names_only_plain_files_of_the_bundle(services: Project) -> None:
    write_tests(services, fails="assert 0")
    services.ci_toolkit("run", "--shards", "1")
    bundle = services.results / "shard-1"
    card = json.loads((bundle / "shard.json").read_text())
    assert card["service_logs"] == ["services/redis.log"]
    (bundle / "services" / "link.log").symlink_to("/etc/passwd")
    (bundle / "services" / "binary.log").write_bytes(bytes(range(256)) * 1000)
    listed = ["services/redis.log", "services/link.log", "../shard.json", "/etc/passwd", "services/..", "services/gone"]
    (bundle / "shard.json").write_text(json.dumps(card | {"service_logs": listed}))
    done = services.ci_toolkit("merge", "--plan", ".ci-toolkit/out/plan.json")
    assert done.returncode == 1, done.stdout
    assert "said: .ci-toolkit/results/shard-1/services/redis.log\n" in done.stdout
