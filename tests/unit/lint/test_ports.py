"""Ports of the table (CIT003): however they are written, and numbers that are none."""

import pytest
from lint_lab import ANYWHERE, E2E, INTEGRATION, UNIT, codes_in

from ci_toolkit.lint.settings import LintSettings

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


PORTS_OF_THE_TABLE = {
    "join": (INTEGRATION, "def test_a():\n requests.get(':'.join(['http://localhost', '8000']))"),
    "in groups of digits": (INTEGRATION, "def test_a():\n s.connect(('localhost', 8_000))"),
    "hexadecimal": (INTEGRATION, "def test_a():\n s.connect(('localhost', 0x1F40))"),
    "bytes": (INTEGRATION, "def test_a():\n s.send(b'Host: localhost:8000')"),
    "a number named on the way": (INTEGRATION, "def test_a():\n requests.get(f'http://localhost:{(p := 8000)}/')"),
    "a service by name": (ANYWHERE, "def test_a():\n requests.get('http://backend:8000/health')"),
    "its url under a name": (ANYWHERE, "def test_a():\n url = 'http://backend:8000'\n requests.get(url)"),
    "a number in an f-string": (ANYWHERE, "def test_a():\n requests.get(f'http://localhost:{8000}/x')"),
    "a name in an f-string": (ANYWHERE, "def test_a():\n port = 8000\n requests.get(f'http://localhost:{port}/x')"),
    "a constant in an f-string": (
        ANYWHERE,
        "BACKEND = 8000\ndef test_a():\n requests.get(f'http://localhost:{BACKEND}/x')",
    ),
    "%": (ANYWHERE, "def test_a():\n requests.get('http://localhost:%d/x' % 8000)"),
    "format": (ANYWHERE, "def test_a():\n requests.get('http://localhost:{}/x'.format(8000))"),
    "format named": (ANYWHERE, "def test_a():\n requests.get('http://localhost:{p}/x'.format(p=8000))"),
    "+": (ANYWHERE, "def test_a():\n requests.get('http://localhost:' + str(8000))"),
    "the host in an f-string": (ANYWHERE, "def test_a():\n host = 'localhost'\n requests.get(f'http://{host}:8000')"),
    "an address alone": (INTEGRATION, "def test_a():\n url = 'http://backend:8000'\n assert url"),
    "an address in parts": (INTEGRATION, "def test_a():\n url = f'http://localhost:{8000}'\n assert url"),
    "a constant": (ANYWHERE, "PORT = 8000\ndef test_a():\n run(PORT)"),
    "a name of the file": (INTEGRATION, "port = 8000\ndef test_a():\n run(port)"),
    "a default": (INTEGRATION, "def connect(port=8000): pass\ndef test_a():\n connect()"),
    "where the environment is silent": (
        INTEGRATION,
        "def test_a(isolated_env):\n run(isolated_env.get('BACKEND_PORT', 8000))",
    ),
    "the same as text": (INTEGRATION, "def test_a(isolated_env):\n run(isolated_env.get('BACKEND_PORT', '8000'))"),
    "a table of one's own": (
        INTEGRATION,
        "PORTS = {'backend': 8000, 'redis': 6381}\ndef test_a():\n run(PORTS)",
    ),
    "a DSN": (ANYWHERE, "def test_a():\n create_engine('postgresql://u:p@postgres:5434/db')"),
    "pair": (ANYWHERE, "def test_a():\n s.connect(('redis', 6381))"),
    "keywords": (ANYWHERE, "def test_a():\n redis.Redis(host='redis', port=6381)"),
    "by marker": (
        ANYWHERE,
        "import pytest\n@pytest.mark.e2e\ndef test_a():\n url = 'ws://backend:8000/ws'\n assert url",
    ),
    "e2e": (E2E, "def test_a():\n go('backend:8000')"),
    "with a type": (ANYWHERE, "BACKEND_PORT: int = 8000\ndef test_a(): pass"),
    "an attribute": (
        INTEGRATION,
        "class TestA:\n def setup_method(self):\n  self.port = 8000\n def test_a(self): pass",
    ),
    "any port=": (INTEGRATION, "def test_a():\n start(backend_port=8000)"),
}
NO_PORTS_OF_THE_TABLE = {
    "unit url": (UNIT, "def test_a():\n assert parse('http://backend:8000').port == 8000"),
    "no category": (ANYWHERE, "def test_a():\n url = 'http://backend:8000'\n assert url"),
    "other host": (INTEGRATION, "def test_a():\n requests.get('http://api.example.org:8000')"),
    "number": (INTEGRATION, "def test_a():\n order(amount=8000, year=3000)"),
    "a number in words": (INTEGRATION, "def test_a():\n assert 'at: 8000' and 'key:8000 x' "),
    "unknown port": (INTEGRATION, "def test_a():\n requests.get('http://backend:9999')"),
    "a port that is given": (INTEGRATION, "def test_a(port):\n requests.get(f'http://localhost:{port}/')"),
    "a free port": (INTEGRATION, "def test_a():\n port = free_port()\n requests.get(f'http://localhost:{port}/')"),
    "a name with two values": (
        ANYWHERE,
        "def test_a():\n port = 8000\n port = free()\n requests.get(f'http://localhost:{port}/')",
    ),
    "table": (INTEGRATION, "def test_a():\n requests.get(f\"http://localhost:{TEST_PORTS['backend']}/\")"),
    "another key": (INTEGRATION, "def test_a(d):\n d.get('limit', 8000)"),
    "comment": (INTEGRATION, "def test_a():\n assert x  # http://localhost:8000"),
    "a docstring": (INTEGRATION, 'def test_a():\n """See http://localhost:8000 for more."""\n assert x'),
    "the file's docstring": (INTEGRATION, '"""http://localhost:8000"""\ndef test_a():\n assert x'),
}


@pytest.mark.parametrize(("path", "source"), PORTS_OF_THE_TABLE.values(), ids=PORTS_OF_THE_TABLE.keys())
def test_a_port_of_the_table_is_found_however_it_is_written(path: str, source: str) -> None:
    assert codes_in(source, path) == ["CIT003"]


@pytest.mark.parametrize(("path", "source"), NO_PORTS_OF_THE_TABLE.values(), ids=NO_PORTS_OF_THE_TABLE.keys())
def test_a_number_that_repeats_no_port_passes(path: str, source: str) -> None:
    assert codes_in(source, path) == []
