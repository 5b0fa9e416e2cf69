"""Shards as jobs of their own, two at once on one machine: each with the services that its tests need."""

import os

import pytest
from main_job_project import Project

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.services.processes.binaries import HOW_TO_GET, find_server

MEETING = """\
import os, redis
def test_{one}():
    with open({first!r}, {mode1!r}), open({second!r}, {mode2!r}):  # each opens when the other does: both legs run now
        cache = redis.from_url(os.environ["REDIS_URL"])
        assert cache.set("who", "{one}", nx=True), "the other leg's server"
        assert "DATABASE_URL" not in os.environ
"""


@pytest.mark.skipif(find_server(Protocol.REDIS) is None, reason=f"needs redis-server: {HOW_TO_GET[Protocol.REDIS]}")
def test_legs_side_by_side_have_servers_of_their_own_and_those_that_need_none_have_none(project: Project) -> None:
    first, second = (str(project.folder / name) for name in ("first", "second"))
    os.mkfifo(first)
    os.mkfifo(second)
    project.write(
        {
            "pyproject.toml": '[tool.ci-toolkit.categories.cache]\nservices = ["redis"]\n',
            "tests/cache/test_a.py": MEETING.format(one="a", first=first, mode1="w", second=second, mode2="r"),
            "tests/cache/test_b.py": MEETING.format(one="b", first=first, mode1="r", second=second, mode2="w"),
            "tests/unit/test_u.py": "import os\ndef test_u(): assert 'REDIS_URL' not in os.environ\n",
        }
    )
    project.ci_toolkit("plan", "--shards", "3").check_returncode()
    words = ("--real-services", "--dynamic-ports", "--provider", "native", "--test-timeout", "60")
    legs = [project.start("shard", str(number), *words) for number in (1, 2, 3)]
    said = [leg.communicate(timeout=120)[0] for leg in legs]
    assert [leg.returncode for leg in legs] == [0, 0, 0], "\n".join(said)
    assert sorted("redis" in output for output in said) == [False, True, True]
    assert project.ci_toolkit("merge").returncode == 0
