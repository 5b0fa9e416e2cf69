"""Each rule's edge: what is just forbidden and what is just allowed, one table a rule."""

from textwrap import dedent

import pytest

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings

WITHOUT_BVJ = LintSettings(ignore=("CIT009",))


def codes_in(source: str, path: str = "tests/test_subject.py", settings: LintSettings | None = None) -> list[str]:
    text = dedent(source).lstrip().encode()
    report = lint_source(text, path=path, within=path, settings=settings or WITHOUT_BVJ)
    return [finding.code for finding in report.findings]


E2E = "tests/e2e/test_flow.py"

MOCKED = {
    "patch as a decorator": "from unittest.mock import patch\n@patch('a.b')\ndef test_a(b): pass",
    "patch.object through an alias": "from unittest import mock as m\ndef test_a():\n with m.patch.object(x, 'y'): 0",
    "module import": "import unittest.mock\ndef test_a():\n x = unittest.mock.MagicMock()\n run(x)",
    "AsyncMock renamed": "from unittest.mock import AsyncMock as A\ndef test_a():\n run(A())",
    "the mock backport": "import mock\ndef test_a():\n run(mock.Mock())",
    "pytest-mock": "def test_a(mocker):\n mocker.patch('a.b')",
    "monkeypatch.setattr": "def test_a(monkeypatch):\n monkeypatch.setattr(service, 'send', None)",
    "a fixture of the file": "import pytest\nfrom unittest.mock import Mock\n@pytest.fixture\n"
    "def db():\n return Mock()\n"
    "def test_a(db): pass",
    "responses": "import responses\n@responses.activate\ndef test_a(): pass",
    "requests_mock fixture": "def test_a(requests_mock): pass",
    "the mocked LLM": "from ci_toolkit.test_framework.agent_test_helpers import mock_llm_response\n"
    "def test_a():\n mock_llm_response('x')",
    "a class decorator": "from unittest.mock import patch\n@patch('a.b')\nclass TestA:\n def test_a(self, b): pass",
    "imported under try": "try:\n from unittest import mock\nexcept ImportError:\n import mock\n"
    "def test_a():\n run(mock.Mock())",
}
NOT_MOCKED = {
    "monkeypatch.setenv": "def test_a(monkeypatch):\n monkeypatch.setenv('A', 'b')",
    "monkeypatch of sys": "import sys\ndef test_a(monkeypatch):\n monkeypatch.setattr(sys, 'argv', [])",
    "a name of its own": "def patch(x): return x\ndef test_a():\n run(patch('a'))",
    "a parameter named patch": "def test_a(patch):\n patch('a')",
    "HTTP PATCH": "def test_a(client):\n client.patch('/users/1')",
    "a spy calls the real thing": "def test_a(mocker):\n mocker.spy(service, 'send')",
    "ANY is no mock": "from unittest.mock import ANY\ndef test_a():\n assert f() == ANY",
}


@pytest.mark.parametrize("source", MOCKED.values(), ids=MOCKED.keys())
def test_a_mock_in_an_e2e_test_is_found(source: str) -> None:
    assert codes_in(source, E2E) == ["CIT001"]


@pytest.mark.parametrize("source", NOT_MOCKED.values(), ids=NOT_MOCKED.keys())
def test_what_is_no_mock_passes_in_an_e2e_test(source: str) -> None:
    assert codes_in(source, E2E) == []


@pytest.mark.parametrize("path", ["tests/unit/test_a.py", "tests/test_a.py", "tests/integration/test_a.py"])
def test_mocks_are_no_matter_in_other_categories(path: str) -> None:
    assert codes_in(MOCKED["patch as a decorator"], path) == []


def test_a_mission_critical_test_is_mock_free_alone_and_follows_its_category_on_top_of_one() -> None:
    source = (
        "import pytest\nfrom unittest.mock import patch\n@pytest.mark.mission_critical\n@patch('a')\ndef test_a(b): 0"
    )
    assert codes_in(source) == ["CIT001"]
    assert codes_in(source, "tests/unit/test_a.py") == []


def test_a_fixture_that_serves_only_unit_tests_may_mock_beside_an_e2e_test() -> None:
    source = """
        import pytest
        from unittest.mock import Mock

        @pytest.fixture
        def db():
            return Mock()

        @pytest.mark.unit
        def test_a(db):
            assert run(db)

        @pytest.mark.e2e
        def test_b():
            assert run()
    """
    assert codes_in(source) == []


ENVIRON = {
    "write": "import os\nos.environ['A'] = 'b'",
    "read": "import os\ndef test_a():\n assert os.environ.get('A')",
    "delete": "import os\ndef test_a():\n del os.environ['A']",
    "imported": "from os import environ\ndef test_a():\n environ['A'] = 'b'",
    "renamed": "from os import environ as e\ndef test_a():\n e['A'] = 'b'",
    "module renamed": "import os as o\ndef test_a():\n o.environ['A'] = 'b'",
    "getenv": "import os\ndef test_a():\n assert os.getenv('A')",
    "getenv renamed": "from os import getenv as g\ndef test_a():\n assert g('A')",
    "putenv": "import os\ndef test_a():\n os.putenv('A', 'b')",
    "unsetenv": "import os\ndef test_a():\n os.unsetenv('A')",
    "patch.dict of the object": "import os\nfrom unittest.mock import patch\n"
    "@patch.dict(os.environ, {})\ndef test_a(): pass",
    "patch.dict by name": "from unittest.mock import patch\n@patch.dict('os.environ', {})\ndef test_a(): pass",
    "imported in the function": "def test_a():\n from os import environ\n environ.pop('A')",
    "star": "from os import *\ndef test_a():\n putenv('A', 'b')",
    "bytes": "import os\ndef test_a():\n os.environb[b'A'] = b'b'",
}
NOT_ENVIRON = {
    "isolated": "def test_a(isolated_env):\n isolated_env.set('A', 'b', source='test')",
    "monkeypatch": "def test_a(monkeypatch):\n monkeypatch.setenv('A', 'b')\n monkeypatch.delenv('C')",
    "a parameter named environ": "def test_a(environ):\n environ['A'] = 'b'",
    "a WSGI environ": "def test_a():\n environ = {}\n environ['A'] = 'b'",
    "a local named os": "def test_a(os):\n os.environ['A'] = 'b'",
    "an attribute of another thing": "def test_a(request):\n assert request.environ['A']",
    "text only": "def test_a():\n assert 'os.environ' in text  # os.environ",
}


@pytest.mark.parametrize("source", ENVIRON.values(), ids=ENVIRON.keys())
def test_direct_use_of_the_environment_is_found(source: str) -> None:
    assert codes_in(source) == ["CIT002"]


@pytest.mark.parametrize("source", NOT_ENVIRON.values(), ids=NOT_ENVIRON.keys())
def test_what_is_not_the_process_environment_passes(source: str) -> None:
    assert codes_in(source) == []


PORTS = {
    "url of a client": "def test_a():\n requests.get('http://localhost:8000/health')",
    "host and port in one text": "def test_a():\n c = Client('127.0.0.1:9999')",
    "keyword": "import redis\ndef test_a():\n redis.Redis(host='localhost', port=6379)",
    "keyword without a host": "def test_a():\n connect(port=5432)",
    "pair": "import socket\ndef test_a():\n s.bind(('127.0.0.1', 8080))",
    "pair with every interface": "def test_a():\n s.bind(('', 8080))",
    "two arguments": "async def test_a():\n await asyncio.open_connection('localhost', 8001)",
    "dsn": "def test_a():\n create_engine('postgresql://u:p@localhost:5434/db')",
    "f-string": "def test_a(path):\n httpx.get(f'http://localhost:8000/{path}')",
    "named first": "def test_a():\n url = 'http://localhost:8000'\n requests.get(url)",
    "named first, then continued": "def test_a():\n url = 'http://localhost:8000'\n requests.get(f'{url}/health')",
    "number named first": "def test_a():\n port = 5434\n connect(host='localhost', port=port)",
    "a constant of the table": "REDIS_PORT = 6381",
    "an address with a port of the table": "BASE_URL = 'http://localhost:8000'",
    "websocket": "async def test_a():\n async with WebSocketTestClient(base_url='ws://localhost:8000') as c: pass",
    "IPv6": "def test_a():\n requests.get('http://[::1]:8000/')",
}
NOT_PORTS = {
    "port 0 asks the system": "def test_a():\n s.bind(('127.0.0.1', 0))",
    "the table": "def test_a():\n connect('localhost', TEST_PORTS['postgresql'])",
    "a parser's input": "def test_a():\n assert parse_url('http://localhost:8080').port == 8080",
    "a number that is no port": "def test_a():\n order(port=None, amount=5432)",
    "another host": "def test_a():\n requests.get('https://example.org:8443/')",
    "a constant that is not of the table": "RETRY_PORT = 9999",
    "data": "def test_a():\n assert row == {'port': 5432}",
    "a time": "def test_a():\n assert stamp == '0.0.0.0:12'",
    "a privileged port": "def test_a():\n requests.get('http://localhost:80/')",
    "a dictionary's get": "def test_a():\n assert table.get('localhost:8000')",
}


@pytest.mark.parametrize("source", PORTS.values(), ids=PORTS.keys())
def test_a_port_written_where_something_connects_is_found(source: str) -> None:
    assert codes_in(source) == ["CIT003"]


@pytest.mark.parametrize("source", NOT_PORTS.values(), ids=NOT_PORTS.keys())
def test_a_number_that_opens_nothing_passes(source: str) -> None:
    assert codes_in(source) == []


def test_the_teams_own_ports_join_the_table() -> None:
    assert codes_in("BILLING_PORT = 7100") == []
    assert codes_in("BILLING_PORT = 7100", settings=LintSettings(ports=(7100,))) == ["CIT003"]


AGENTS = {
    "bare": ("async def test_a(agent):\n await agent.execute('x')", ["CIT004"]),
    "an attribute": ("def test_a(self):\n triage_agent.execute('x')", ["CIT004"]),
    "events collected": (
        "async def test_a(agent, client):\n await agent.execute()\n await client.collect_events()",
        [],
    ),
    "the helper": ("async def test_a(agent):\n r = await agent.execute()\n assert_agent_execution(r)", []),
    "event names": ("async def test_a(agent):\n r = await agent.execute()\n assert 'agent_started' in r", []),
    "checked by a function of the file": (
        "def check(r):\n assert r.events\nasync def test_a(agent):\n check(await agent.execute())",
        [],
    ),
    "an HTTP user agent": ("def test_a(user_agent):\n assert user_agent.parse('x')", []),
    "another method": ("async def test_a(agent):\n await agent.execute_with_context()", []),
}


@pytest.mark.parametrize(("source", "codes"), AGENTS.values(), ids=AGENTS.keys())
def test_an_executed_agent_asks_for_a_look_at_its_events(source: str, codes: list[str]) -> None:
    assert codes_in(source) == codes


NAMES = {
    "tests/thing_test.py": ["CIT005"],
    "tests/checks.py": ["CIT005"],
    "tests/test_thing.py": [],
    "tests/base.py": [],
    "tests/conftest.py": [],
    "src/checks.py": [],
    "tmp_test_login.py": ["CIT005"],
    "debug_tests.py": ["CIT005"],
    "tests/test_fix_for_tests.py": [],
}


@pytest.mark.parametrize(("path", "codes"), NAMES.items())
def test_a_file_of_tests_bears_the_name_of_one(path: str, codes: list[str]) -> None:
    assert codes_in("def test_a():\n    assert run()\n", path) == codes


def test_the_names_of_test_files_are_the_teams_to_set() -> None:
    settings = LintSettings(file_names=("*_spec.py",))
    assert codes_in("def test_a():\n    assert run()\n", "tests/login_spec.py", settings) == []


CATEGORIES = {
    "class against method": (
        "tests/test_a.py",
        "@pytest.mark.unit\nclass TestA:\n @pytest.mark.e2e\n def test_a(self): pass",
        ["CIT006"],
    ),
    "module against function": (
        "tests/test_a.py",
        "pytestmark = pytest.mark.unit\n@pytest.mark.e2e\ndef test_a(): pass",
        ["CIT006"],
    ),
    "inherited": (
        "tests/test_a.py",
        "@pytest.mark.unit\nclass Base: pass\n@pytest.mark.e2e\nclass TestA(Base):\n def test_a(self): pass",
        ["CIT006"],
    ),
    "a marker under a name": (
        "tests/test_a.py",
        "slow = pytest.mark.e2e\n@slow\n@pytest.mark.unit\ndef test_a(): pass",
        ["CIT006"],
    ),
    "mission critical on top": (
        "tests/test_a.py",
        "@pytest.mark.e2e\n@pytest.mark.mission_critical\ndef test_a(): pass",
        [],
    ),
    "the same twice": ("tests/test_a.py", "pytestmark = [pytest.mark.e2e]\n@pytest.mark.e2e\ndef test_a(): pass", []),
    "against the directory": ("tests/unit/test_a.py", "@pytest.mark.e2e\ndef test_a(): pass", ["CIT010"]),
    "with the directory": ("tests/unit/test_a.py", "@pytest.mark.unit\ndef test_a(): pass", []),
    "critical in a unit directory": ("tests/unit/test_a.py", "@pytest.mark.mission_critical\ndef test_a(): pass", []),
    "unit in the critical directory": ("tests/mission_critical/test_a.py", "@pytest.mark.unit\ndef test_a(): pass", []),
    "no category directory": ("tests/test_a.py", "@pytest.mark.integration\ndef test_a(): pass", []),
}


@pytest.mark.parametrize(("path", "source", "codes"), CATEGORIES.values(), ids=CATEGORIES.keys())
def test_a_test_has_one_category_and_stands_in_its_directory(path: str, source: str, codes: list[str]) -> None:
    assert codes_in(f"import pytest\n{source}", path) == codes


def test_a_module_marker_against_the_directory_is_said_once() -> None:
    source = "import pytest\npytestmark = pytest.mark.e2e\ndef test_a(): pass\ndef test_b(): pass"
    assert codes_in(source, "tests/unit/test_a.py") == ["CIT010"]


SLEEPS = {
    "time": "import time\ndef test_a():\n time.sleep(1)",
    "renamed": "from time import sleep as nap\ndef test_a():\n nap(0.1)",
    "asyncio": "import asyncio\nasync def test_a():\n await asyncio.sleep(0.1)",
    "anyio": "import anyio\nasync def test_a():\n await anyio.sleep(1)",
    "trio": "import trio\nasync def test_a():\n await trio.sleep(1)",
    "a fixture": "import pytest, time\n@pytest.fixture\ndef server():\n start()\n time.sleep(1)\n yield",
    "set-up": "import time\nclass TestA:\n def setup_method(self):\n  time.sleep(1)\n def test_a(self): pass",
    "an unconditional loop": "import time\ndef test_a():\n for _ in range(3):\n  time.sleep(1)",
    "a variable time": "import time\ndef test_a(delay):\n time.sleep(delay)",
    "under a condition": "import time\ndef test_a():\n if slow:\n  time.sleep(2)",
}
NOT_SLEEPS = {
    "sleep 0 yields": "import asyncio\nasync def test_a():\n await asyncio.sleep(0)",
    "a poll": "import time\ndef test_a():\n while not ready():\n  time.sleep(0.1)",
    "a poll with a way out": "import time\ndef test_a():\n for _ in range(9):\n  if ready(): break\n  time.sleep(0.1)",
    "the subject is slow": "import time\ndef test_a():\n def slow():\n  time.sleep(5)\n assert limit(slow)",
    "the subject is a timeout": "import asyncio\nasync def test_a():\n await asyncio.wait_for(asyncio.sleep(9), 0.1)",
    "inside a timeout": "import asyncio, pytest\nasync def test_a():\n with pytest.raises(TimeoutError):\n"
    "  async with asyncio.timeout(0.1):\n   await asyncio.sleep(9)",
    "a helper that is no test": "import time\ndef slow_handler():\n time.sleep(5)\n"
    "def test_a():\n assert serve(slow_handler)",
    "another sleep": "def test_a(clock):\n clock.sleep(5)",
}


@pytest.mark.parametrize("source", SLEEPS.values(), ids=SLEEPS.keys())
def test_a_fixed_wait_is_found(source: str) -> None:
    assert codes_in(source) == ["CIT007"]


@pytest.mark.parametrize("source", NOT_SLEEPS.values(), ids=NOT_SLEEPS.keys())
def test_what_waits_for_no_fixed_time_passes(source: str) -> None:
    assert codes_in(source) == []


SKIPS = {
    "bare": "@pytest.mark.skip\ndef test_a(): pass",
    "with a reason but no condition": "@pytest.mark.skip(reason='later')\ndef test_a(): pass",
    "a class": "@pytest.mark.skip\nclass TestA:\n def test_a(self): pass",
    "a whole file": "pytestmark = pytest.mark.skip\ndef test_a(): pass",
    "unittest": "import unittest\n@unittest.skip('later')\ndef test_a(): pass",
    "called first": "def test_a():\n pytest.skip('later')",
    "at module level": "pytest.skip('later', allow_module_level=True)",
    "always true": "@pytest.mark.skipif(True, reason='later')\ndef test_a(): pass",
    "no reason": "import sys\n@pytest.mark.skipif(sys.platform == 'win32')\ndef test_a(): pass",
    "xfail without a reason": "@pytest.mark.xfail\ndef test_a(): pass",
    "a parameter set": "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.skip)])\ndef test_a(a): pass",
    "a call without words": "def test_a():\n if not ready():\n  pytest.skip('')",
    "critical, conditional": "@pytest.mark.mission_critical\n@pytest.mark.skipif(x, reason='y')\ndef test_a(): 0",
    "critical, by its class": "@pytest.mark.skipif(x, reason='y')\nclass TestA:\n @pytest.mark.mission_critical\n"
    " def test_a(self): 0",
    "critical, by a call": "@pytest.mark.mission_critical\ndef test_a():\n if x:\n  pytest.skip('needs x')",
    "no_skip, xfail": "@pytest.mark.no_skip\n@pytest.mark.xfail(reason='y')\ndef test_a(): pass",
}
NOT_SKIPS = {
    "condition and reason": "@pytest.mark.skipif(x, reason='needs x')\ndef test_a(): pass",
    "a text condition": "@pytest.mark.skipif('sys.platform == \"win32\"')\ndef test_a(): pass",
    "called under a condition": "def test_a():\n if not ready():\n  pytest.skip('needs ready')",
    "importorskip": "pytest.importorskip('numpy')",
    "xfail with a reason": "@pytest.mark.xfail(reason='bug 12')\ndef test_a(): pass",
    "skip under a name with condition": "no_x = pytest.mark.skipif(not x, reason='needs x')\n@no_x\ndef test_a(): pass",
    "unittest.skipIf": "import unittest\n@unittest.skipIf(x, 'needs x')\ndef test_a(): pass",
    "a skip of data": "def test_a(rows):\n rows.skip(3)",
}


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_that_ignores_a_failure_is_found(source: str) -> None:
    assert codes_in(f"import pytest\n{source}") == ["CIT008"]


@pytest.mark.parametrize("source", NOT_SKIPS.values(), ids=NOT_SKIPS.keys())
def test_a_skip_that_names_a_missing_condition_passes(source: str) -> None:
    assert codes_in(f"import pytest\n{source}") == []


JUSTIFICATIONS = {
    "a docstring without one": ("tests/unit/test_a.py", '"""Tests."""\ndef test_a(): pass', ["CIT009"]),
    "a class without one": ("tests/unit/test_a.py", "class TestA:\n def test_a(self): pass", ["CIT009"]),
    "a category by marker": (
        "tests/test_a.py",
        '"""T."""\nimport pytest\n@pytest.mark.unit\ndef test_a(): pass',
        ["CIT009"],
    ),
    "stated": ("tests/unit/test_a.py", '"""Tests.\n\nBusiness Value Justification (BVJ):\n"""\ndef test_a(): pass', []),
    "in a comment": ("tests/unit/test_a.py", '# BVJ: keeps the price right\n"""Tests."""\ndef test_a(): pass', []),
    "mission critical": ("tests/unit/test_a.py", '"""T.\n\nMISSION CRITICAL: chat.\n"""\ndef test_a(): pass', []),
    "a bare example": ("tests/unit/test_a.py", "def test_a(): pass", []),
    "no category": ("tests/test_a.py", '"""Tests."""\ndef test_a(): pass', []),
    "no tests": ("tests/unit/conftest.py", '"""Fixtures."""', []),
}


@pytest.mark.parametrize(("path", "source", "codes"), JUSTIFICATIONS.values(), ids=JUSTIFICATIONS.keys())
def test_a_complete_file_of_a_category_says_what_it_is_worth(path: str, source: str, codes: list[str]) -> None:
    assert codes_in(source, path, LintSettings()) == codes


def test_every_file_of_a_category_can_be_asked_for_its_worth() -> None:
    assert codes_in("def test_a(): pass", "tests/unit/test_a.py", LintSettings(bvj="all")) == ["CIT009"]


FLAKY = {
    "bare": ("@pytest.mark.flaky\ndef test_a(): pass", ["CIT011"]),
    "reruns": ("@pytest.mark.flaky(reruns=3)\ndef test_a(): pass", ["CIT011"]),
    "the flaky package": ("from flaky import flaky\n@flaky\ndef test_a(): pass", ["CIT011"]),
    "a class": ("@pytest.mark.flaky\nclass TestA:\n def test_a(self): pass", ["CIT011"]),
    "a comment beside": ("@pytest.mark.flaky(reruns=3)  # the clock jumps, bug 12\ndef test_a(): pass", []),
    "a comment above": ("# the clock jumps, bug 12\n@pytest.mark.flaky(reruns=3)\ndef test_a(): pass", []),
    "a reason": ("@pytest.mark.flaky(reruns=3, reason='bug 12')\ndef test_a(): pass", []),
    "a reason that is a name": ("@pytest.mark.flaky(reruns=3, reason=WHY)\ndef test_a(): pass", []),
    "an empty reason": ("@pytest.mark.flaky(reruns=3, reason=' ')\ndef test_a(): pass", ["CIT011"]),
    "a reason that says nothing": ("@pytest.mark.flaky(reruns=3, reason='flaky')\ndef test_a(): pass", ["CIT011"]),
    "a comment that says nothing": ("@pytest.mark.flaky(reruns=3)  # TODO\ndef test_a(): pass", ["CIT011"]),
    "a comment for another tool": ("@pytest.mark.flaky(reruns=3)  # type: ignore\ndef test_a(): pass", ["CIT011"]),
    "a name of its own": ("again = pytest.mark.flaky(reruns=3)\n@again\ndef test_a(): pass", ["CIT011"]),
    "a name with a reason": ("# the clock jumps\nagain = pytest.mark.flaky(reruns=3)\n@again\ndef test_a(): pass", []),
    "mark alone": ("from pytest import mark\n@mark.flaky(reruns=3)\ndef test_a(): pass", ["CIT011"]),
    "the module": ("pytestmark = [pytest.mark.flaky(reruns=3)]\ndef test_a(): pass", ["CIT011"]),
    "pytestmark of a class": ("class TestA:\n pytestmark = pytest.mark.flaky\n def test_a(self): pass", ["CIT011"]),
    "a parameter": (
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.flaky(reruns=2))])\ndef test_a(n): pass",
        ["CIT011"],
    ),
    "add_marker": (
        "def pytest_collection_modifyitems(items):\n for item in items: item.add_marker(pytest.mark.flaky(reruns=2))",
        ["CIT011"],
    ),
    "something else": ("flaky = 1\ndef test_a(flaky): assert flaky", []),
    "a docstring": ('@pytest.mark.flaky\ndef test_a():\n """Flaky until bug 12 is closed."""', []),
}


@pytest.mark.parametrize(("source", "codes"), FLAKY.values(), ids=FLAKY.keys())
def test_a_flaky_marker_says_why(source: str, codes: list[str]) -> None:
    assert codes_in(f"import pytest\n{source}") == codes


ONLY_MOCKS = {
    "the system is called": "m = Mock()\n    run(m)\n    m.send.assert_called_once()",
    "a mock is only made": "m = Mock()\n    assert True",
    "a patch touches the system": "m = Mock()\n    with patch('a.b', m):\n        m()",
    "an attribute of the test": "m = Mock()\n    self.subject.send(m)\n    m.assert_called_once()",
}


@pytest.mark.parametrize("body", ONLY_MOCKS.values(), ids=ONLY_MOCKS.keys())
def test_a_test_that_reaches_beyond_its_mocks_passes(body: str) -> None:
    source = f"from unittest.mock import Mock, patch\nclass TestA:\n  def test_a(self):\n    {body}\n"
    assert codes_in(source) == []
