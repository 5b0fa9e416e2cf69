"""Mocks and stand-ins (CIT001, CIT012): what is just forbidden, in any disguise, and what is just allowed."""

import pytest
from lint_lab import E2E, UNIT, codes_in

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


STAND_INS = {
    "sys.modules": "import sys, types\ndef test_a():\n sys.modules['stripe'] = types.ModuleType('stripe')",
    "modules by name": "from sys import modules\ndef test_a():\n modules['stripe'] = None",
    "sys.modules under a name": "import sys\nm = sys.modules\ndef test_a():\n m['stripe'] = object()",
    "at import": "import sys\nsys.modules['stripe'] = object()\ndef test_a(): pass",
    "sys.modules updated": "import sys\ndef test_a():\n sys.modules.update(stripe=object())",
    "by monkeypatch": "import sys\ndef test_a(monkeypatch):\n monkeypatch.setitem(sys.modules, 'stripe', object())",
    "a class of one's own": "class FakeDatabase:\n def get(self, key): return 1\ndef test_a():\n assert run(FakeDatabase())",
    "a fixture of one's own class": "import pytest\nclass StubPayments:\n def charge(self): return True\n@pytest.fixture\ndef payments():\n return StubPayments()\ndef test_a(payments): assert payments.charge()",
    "a class in a fixture": "import pytest\n@pytest.fixture\ndef redis_stub():\n class R:\n  def get(self, k): return None\n return R()\ndef test_a(redis_stub): assert redis_stub",
    "a fixture of ready answers": "import pytest\n@pytest.fixture\ndef redis():\n class R:\n  def get(self, k): return None\n yield R()\ndef test_a(redis): assert redis",
    "a namespace of lambdas": "import pytest, types\n@pytest.fixture\ndef redis():\n return types.SimpleNamespace(get=lambda k: None)\ndef test_a(redis): assert redis",
    "imported": "from tests.fakes import FakeLLM\ndef test_a():\n assert run(FakeLLM())",
    "imported with its module": "from tests import fakes\ndef test_a():\n assert run(fakes.FakeLLM())",
    "a fixture of another file": "def test_a(fake_db): assert run(fake_db)",
    "a fixture by its last word": "def test_a(self, llm_stub): assert run(llm_stub)",
    "a class by its last word": "class PaymentsDouble:\n def charge(self): return True\ndef test_a():\n assert run(PaymentsDouble())",
    "a dependency overridden": "from app import app, get_db\ndef test_a(client):\n app.dependency_overrides[get_db] = lambda: None\n assert client.get('/')",
    "a function replaced": "import stripe\ndef test_a():\n stripe.Charge.create = lambda **k: None\n assert pay()",
    "a function replaced by another": "import stripe\ndef fake(**k): return 1\ndef test_a():\n stripe.Charge.create = fake\n assert pay()",
    "setattr": "import stripe\ndef test_a():\n setattr(stripe, 'charge', lambda: 1)",
    "a class made by type": "def test_a():\n db = type('FakeDb', (), {'get': lambda s: 1})()\n assert run(db)",
    "patch start": "from unittest.mock import patch\npatch('a.b').start()\ndef test_a(): pass",
    "a class that inherits": "class FakeBase:\n def get(self): return 1\nclass FakeDb(FakeBase): pass\ndef test_a():\n assert run(FakeDb())",
    "patch under a name": "from unittest import mock\np = mock.patch\ndef test_a():\n with p('a.b'): pass",
    "getattr": "import unittest.mock\ndef test_a():\n run(getattr(unittest.mock, 'Mock')())",
}
NOT_STAND_INS = {
    "data": "def test_a(fake_user_data): assert fake_user_data",
    "Faker": "from faker import Faker\ndef test_a():\n fake = Faker()\n assert register(fake.email())",
    "fixtures of Faker": "def test_a(faker, fake): assert register(faker.email(), fake.name())",
    "a record": "from dataclasses import dataclass\n@dataclass\nclass FakeUser:\n name: str\ndef test_a():\n assert register(FakeUser('a'))",
    "a factory of data": "from tests.f import FakeUserFactory\ndef test_a():\n assert register(FakeUserFactory())",
    "a client of gRPC": "from helloworld_pb2_grpc import GreeterStub\ndef test_a(channel):\n assert GreeterStub(channel).hello()",
    "an exporter": "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\ndef test_a():\n assert run(InMemorySpanExporter())",
    "a setting": "from app import settings\ndef test_a():\n settings.DEBUG = True",
    "callback": "from app import client\ndef test_a():\n def got(m): pass\n client.on_message = got",
    "a driver of the system": "import pytest\n@pytest.fixture\ndef shop():\n class Driver:\n  def buy(self): return http.post('/buy')\n return Driver()\ndef test_a(shop): assert shop.buy()",
    "an object of the test's own": "def test_a():\n shop = make()\n shop.hook = lambda: 1",
    "sys.modules without a replacement": "import sys\ndef test_a():\n assert 'x' not in sys.modules\n sys.modules.pop('x', None)\n del sys.modules['y']",
    "fixtures of data": "def test_a(fake_user, mock_data, dummy_email): pass",
    "a namespace of data": "import pytest, types\n@pytest.fixture\ndef user():\n return types.SimpleNamespace(name='a')\ndef test_a(user): assert user",
    "a parameter": "import pytest\n@pytest.mark.parametrize('fake_session', [1,2])\ndef test_a(fake_session): pass",
    "an exception": "class FakeError(Exception):\n def x(self): pass\ndef test_a():\n with raises(FakeError): run()",
}


@pytest.mark.parametrize("source", STAND_INS.values(), ids=STAND_INS.keys())
def test_a_stand_in_of_ones_own_is_found_in_an_e2e_test(source: str) -> None:
    assert codes_in(source, E2E) == ["CIT001"]


@pytest.mark.parametrize("source", NOT_STAND_INS.values(), ids=NOT_STAND_INS.keys())
def test_what_stands_in_for_nothing_passes_in_an_e2e_test(source: str) -> None:
    assert codes_in(source, E2E) == []


@pytest.mark.parametrize("source", STAND_INS.values(), ids=STAND_INS.keys())
def test_stand_ins_are_no_matter_in_a_unit_test(source: str) -> None:
    assert codes_in(source, UNIT) == []


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
