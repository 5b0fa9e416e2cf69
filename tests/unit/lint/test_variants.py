"""Variants of what the rules forbid: other names, roundabout ways, and what one's own hands make."""

import pytest

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings

WITHOUT_BVJ = LintSettings(ignore=("CIT009",))
E2E = "tests/e2e/test_flow.py"
INTEGRATION = "tests/integration/test_flow.py"
UNIT = "tests/unit/test_flow.py"
ANYWHERE = "tests/test_flow.py"


def codes_in(source: str, path: str = ANYWHERE) -> list[str]:
    report = lint_source(source.encode(), path=path, within=path, settings=WITHOUT_BVJ)
    return [finding.code for finding in report.findings]


ENVIRON = {
    "getattr": "import os\ndef test_a():\n getattr(os,'environ')['A']='b'",
    "__dict__": "import os\ndef test_a():\n os.__dict__['environ']['A']='b'",
    "vars": "import os\ndef test_a():\n vars(os)['environ']['A']='b'",
    "vars get": "import os\ndef test_a():\n vars(os).get('environ')['A']='b'",
    "from as": "from os import environ as e\ndef test_a():\n e['A']='b'",
    "import_module": "import importlib\ndef test_a():\n importlib.import_module('os').environ['A']='b'",
    "import_module by name": "from importlib import import_module as im\ndef test_a():\n im('os').environ['A']='b'",
    "__import__": "def test_a():\n __import__('os').environ['A']='b'",
    "sys.modules": "import sys\ndef test_a():\n sys.modules['os'].environ['A']='b'",
    "os under a name": "import os\no = os\ndef test_a():\n o.environ['A']='b'",
    "vars under a name": "import os\ndef test_a():\n v = vars(os)\n v['environ']['A']='b'",
    "environ under a name": "import os\ndef test_a():\n env = os.environ\n env['A']='b'",
    "getenv under a name": "import os\nget = os.getenv\ndef test_a():\n assert get('A')",
    "setattr": "import os\ndef test_a():\n setattr(os, 'environ', {})",
    "replaced as a whole": "import os\ndef test_a():\n os.environ = {}",
    "by way of another module": "import shutil\ndef test_a():\n shutil.os.environ['A']='1'",
    "posix": "import posix\ndef test_a():\n posix.environ",
    "walrus": "import os\ndef test_a():\n (e := os.environ)['A']='1'",
    "getattr under a name": "import os\ng = getattr\ndef test_a():\n g(os,'environ')['A']='b'",
    "attrgetter": "import os, operator\ndef test_a():\n operator.attrgetter('environ')(os)['A']='b'",
    "__getattribute__": "import os\ndef test_a():\n os.__getattribute__('environ')['A']='b'",
}
NOT_ENVIRON = {
    "of another object": "class A: environ={}\ndef test_a(o):\n getattr(o,'environ')['A']='b'\n vars(o)['environ']",
    "names in a circle": "a=b\nb=a\ndef test_a():\n a.environ",
    "keys of a dictionary": "def test_a(d):\n d.get('environ')\n d['os']['environ']",
}


@pytest.mark.parametrize("source", ENVIRON.values(), ids=ENVIRON.keys())
def test_the_environment_is_found_by_every_way_to_it(source: str) -> None:
    assert codes_in(source) == ["CIT002"]


@pytest.mark.parametrize("source", NOT_ENVIRON.values(), ids=NOT_ENVIRON.keys())
def test_what_only_looks_like_the_environment_passes(source: str) -> None:
    assert codes_in(source) == []


WAITS = {
    "one of several names": "import time\nnap, now = time.sleep, time.time\ndef test_a():\n nap(2)",
    "a name that is given on the way": "import time\ndef test_a():\n (nap := time.sleep)(2)",
    "a function within the test": "import time\ndef test_a():\n def settle():\n  time.sleep(2)\n settle()",
    "an async one": "import asyncio\nasync def test_a():\n async def settle():\n  await asyncio.sleep(2)\n await settle()",
    "a context manager": "import time, contextlib\n@contextlib.contextmanager\ndef settled():\n time.sleep(2)\n yield\ndef test_a():\n with settled():\n  assert 1",
    "an async context manager": "import asyncio\nfrom contextlib import asynccontextmanager\n@asynccontextmanager\nasync def settled():\n await asyncio.sleep(2)\n yield\nasync def test_a():\n async with settled():\n  assert 1",
    "tasks waited for": "import asyncio\nasync def test_a():\n await asyncio.wait([asyncio.create_task(asyncio.sleep(3))])",
    "popen": "import os\ndef test_a():\n os.popen('sleep 3').read()",
    "a process waited for": "import subprocess\ndef test_a():\n subprocess.Popen(['sleep', '3']).wait()",
    "Playwright": "def test_a(page):\n page.wait_for_timeout(3000)\n assert page",
    "Playwright, awaited": "async def test_a(self):\n await self.page.wait_for_timeout(3000)",
    "Event": "from threading import Event\ndef test_a():\n Event().wait(3)",
    "Event as": "from threading import Event as E\ndef test_a():\n E().wait(3)",
    "Event of the module": "import threading\ndef test_a():\n threading.Event().wait(timeout=3)",
    "an event under a name": "import threading\ndef test_a():\n never = threading.Event()\n never.wait(timeout=2)\n assert 1",
    "asserted not to come": "import threading\ndef test_a():\n never = threading.Event()\n assert not never.wait(timeout=2)",
    "an event of the file": "import threading\nNEVER = threading.Event()\ndef test_a():\n NEVER.wait(2)",
    "wait_for of an event": "import asyncio, contextlib\nasync def test_a():\n event = asyncio.Event()\n with contextlib.suppress(asyncio.TimeoutError):\n  await asyncio.wait_for(event.wait(), 3)",
    "wait_for in a try": "import asyncio\nasync def test_a():\n e = asyncio.Event()\n try:\n  await asyncio.wait_for(e.wait(), timeout=3)\n except asyncio.TimeoutError:\n  pass",
    "select": "import select\ndef test_a():\n select.select([], [], [], 3)",
    "select by name": "from select import select\ndef test_a():\n select([], [], [], 3)",
    "pause": "import signal\ndef test_a():\n signal.alarm(3)\n signal.pause()",
    "pause by name": "from signal import pause\ndef test_a():\n pause()",
    "no signal": "import signal\ndef test_a():\n signal.sigtimedwait([], 3)",
    "another name": "import time\nnap = time.sleep\ndef test_a():\n nap(3)",
    "getattr": "import time\ndef test_a():\n getattr(time, 'sleep')(3)",
    "another name by getattr": "import time\nnap = getattr(time, 'sleep')\ndef test_a():\n nap(3)",
    "__import__": "def test_a():\n __import__('time').sleep(3)",
    "helper": "import time\ndef pause_a_bit():\n time.sleep(3)\ndef test_a():\n pause_a_bit()",
    "method": "import time\nclass TestA:\n def settle(self):\n  time.sleep(3)\n def test_a(self):\n  self.settle()",
    "async helper": "import asyncio\nasync def settle():\n await asyncio.sleep(3)\nasync def test_a():\n await settle()",
    "run": "import asyncio\ndef test_a():\n asyncio.run(asyncio.sleep(3))",
    "run_until_complete": "import asyncio\ndef test_a(loop):\n loop.run_until_complete(asyncio.sleep(3))",
    "another thread": "import asyncio, time\nasync def test_a():\n await asyncio.to_thread(time.sleep, 3)",
    "a result that is kept": "import time\ndef test_a():\n _ = time.sleep(3)",
    "a comprehension": "import time\ndef test_a():\n [time.sleep(1) for _ in range(3)]",
    "a part of an assertion": "import time\ndef test_a():\n assert time.sleep(1) is None",
    "a command": "import subprocess\ndef test_a():\n subprocess.run(['sleep', '3'], check=True)",
    "a shell command": "import os\ndef test_a():\n os.system('sleep 3')",
    "a busy loop": "import time\ndef test_a():\n end = time.monotonic() + 3\n while time.monotonic() < end:\n  pass",
    "a loop that naps": "import time\ndef test_a():\n end = time.time() + 3\n while end > time.time():\n  time.sleep(.1)",
    "an empty queue": "import queue\ndef test_a():\n try:\n  queue.Queue().get(timeout=3)\n except queue.Empty:\n  pass",
    "a bare future": "import asyncio\nasync def test_a():\n await asyncio.wait_for(asyncio.Future(), 3)",
    "a sleep below the limit": "import asyncio\nasync def test_a():\n await asyncio.wait_for(asyncio.sleep(3), 10)",
    "a condition": "import threading\ndef test_a():\n c = threading.Condition()\n with c:\n  c.wait(3)",
    "gather": "import asyncio\nasync def test_a():\n await asyncio.gather(asyncio.sleep(3))",
    "partial": "import time\nfrom functools import partial\nnap = partial(time.sleep, 3)\ndef test_a():\n nap()",
    "lambda": "import time\nnap = lambda: time.sleep(3)\ndef test_a():\n nap()",
    "trio": "import trio\ndef test_a():\n trio.run(trio.sleep, 3)",
}
NOT_WAITS = {
    "a function within the test that is handed over": "import time\ndef test_a(pool):\n def slow():\n  time.sleep(2)\n  return 1\n assert pool.submit(slow).result() == 1",
    "a context manager that polls": "import time, contextlib\n@contextlib.contextmanager\ndef started(s):\n while not s.ready():\n  time.sleep(.1)\n yield\ndef test_a(s):\n with started(s):\n  assert 1",
    "tasks that work": "import asyncio\nasync def test_a():\n await asyncio.wait([asyncio.create_task(work())])",
    "a sleep that limits another task": "import asyncio\nasync def test_a(e):\n await asyncio.wait([asyncio.create_task(asyncio.sleep(3)), asyncio.create_task(e.wait())], return_when=asyncio.FIRST_COMPLETED)",
    "a process with a limit": "import subprocess\ndef test_a():\n subprocess.Popen(['sleep', '30']).wait(timeout=3)",
    "set": "import threading\ndef test_a(server):\n done = threading.Event()\n server.on_done(done.set)\n assert done.wait(3)",
    "handed over": "import threading\ndef test_a(server):\n done = threading.Event()\n server.start(done)\n done.wait(3)",
    "another thread": "import threading\ndef test_a():\n done = threading.Event()\n def work():\n  done.set()\n threading.Thread(target=work).start()\n assert done.wait(3)",
    "a fixture": "def test_a(event):\n event.wait(3)",
    "a process": "import subprocess\ndef test_a():\n p = subprocess.Popen(['sleep','30'])\n p.wait(3)",
    "the time limit of a command": "import subprocess, pytest\ndef test_a():\n with pytest.raises(subprocess.TimeoutExpired):\n  subprocess.run(['sleep', '3'], timeout=.1)",
    "task": "import asyncio\nasync def test_a():\n t = asyncio.create_task(asyncio.sleep(9))\n t.cancel()",
    "handed over as a lambda": "import time\ndef test_a():\n assert limit(lambda: time.sleep(9))",
    "selector": "import select\ndef test_a(s):\n select.select([s], [], [], 3)",
    "a queue that is filled": "import queue\ndef test_a(w):\n q = queue.Queue()\n w.start(q)\n assert q.get(timeout=3)",
    "poll": "import time\ndef test_a(s):\n end = time.time() + 3\n while time.time() < end:\n  if s.ready():\n   break\n  time.sleep(.1)",
    "polls by condition": "import time\ndef test_a(s):\n end = time.time() + 3\n while time.time() < end and not s.ready():\n  time.sleep(.1)",
    "the time limit is the subject": "import asyncio, pytest\nasync def test_a():\n e = asyncio.Event()\n with pytest.raises(asyncio.TimeoutError):\n  await asyncio.wait_for(e.wait(), .1)",
    "Playwright": "def test_a(page):\n page.wait_for_selector('#a', timeout=3000)",
    "the subject is slow": "import time\ndef slow():\n time.sleep(1)\n return 3\ndef test_a():\n assert timed(slow)() == 3",
}


@pytest.mark.parametrize("source", WAITS.values(), ids=WAITS.keys())
def test_a_fixed_wait_is_found_in_every_disguise(source: str) -> None:
    assert codes_in(source) == ["CIT007"]


@pytest.mark.parametrize("source", NOT_WAITS.values(), ids=NOT_WAITS.keys())
def test_a_wait_that_something_can_end_passes(source: str) -> None:
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


SWALLOWED = {
    "assert True": "def test_a():\n try:\n  assert run()\n except AssertionError:\n  assert True",
    "suppress as a decorator": "import contextlib\n@contextlib.suppress(AssertionError)\ndef test_a():\n assert run()",
    "suppress in a stack": "import contextlib\ndef test_a():\n with contextlib.ExitStack() as stack:\n  stack.enter_context(contextlib.suppress(AssertionError))\n  assert run()",
    "suppress of several": "from contextlib import suppress\nBAD = (AssertionError, KeyError)\ndef test_a():\n with suppress(*BAD):\n  assert run()",
    "a context manager of one's own": "import contextlib\n@contextlib.contextmanager\ndef quiet():\n try:\n  yield\n except AssertionError:\n  pass\ndef test_a():\n with quiet():\n  assert run()",
    "a function within the test": "def test_a():\n def check():\n  try:\n   assert run()\n  except AssertionError:\n   pass\n check()",
    "skip": "import pytest\ndef test_a():\n try:\n  run()\n except Exception:\n  pytest.skip('not there')",
    "a skip that tells the error": "import pytest\ndef test_a():\n try:\n  run()\n except Exception as e:\n  pytest.skip(f'not there {e}')",
    "a skip that is raised": "import unittest\ndef test_a():\n try:\n  run()\n except Exception:\n  raise unittest.SkipTest('x')",
    "a skip for some errors": "import pytest\ndef test_a():\n try:\n  run()\n except Exception as e:\n  if 'x' in str(e):\n   pytest.skip('x')\n  raise",
    "xfail": "import pytest\ndef test_a():\n try:\n  run()\n except AssertionError:\n  pytest.xfail('x')",
    "a fixture that skips": "import pytest\n@pytest.fixture\ndef db():\n try:\n  c = connect()\n except Exception:\n  pytest.skip('no db')\n yield c",
    "pass": "def test_a():\n try:\n  assert 1 == 2\n except AssertionError:\n  pass",
    "a bare except": "def test_a():\n try:\n  assert run()\n except:\n  pass",
    "Exception, printed": "def test_a():\n try:\n  assert run()\n except Exception as e:\n  print(e)",
    "one of two": "def test_a():\n try:\n  assert run()\n except (ValueError, AssertionError):\n  return",
    "except*": "def test_a():\n try:\n  assert run()\n except* AssertionError:\n  pass",
    "logged": "def test_a():\n try:\n  assert run()\n except AssertionError:\n  logger.warning('x')",
    "unittest": "class TestA:\n def test_a(self):\n  try:\n   self.assertEqual(run(), 1)\n  except Exception:\n   pass",
    "suppress": "import contextlib\ndef test_a():\n with contextlib.suppress(AssertionError):\n  assert run()",
    "suppress under a name": "from contextlib import suppress as s\ndef test_a():\n with s(Exception):\n  assert run()",
    "raises around the test": "import pytest\ndef test_a():\n with pytest.raises(AssertionError):\n  result = run()\n  assert result == 1",
    "raises of anything": "import pytest\ndef test_a():\n with pytest.raises(Exception):\n  assert run()",
    "a finally that returns": "def test_a():\n try:\n  assert run()\n finally:\n  return",
    "exceptions under a name": "BAD = (AssertionError, ValueError)\ndef test_a():\n try:\n  assert run()\n except BAD:\n  pass",
    "assertRaises around the test": "import unittest\nclass TestA(unittest.TestCase):\n def test_a(self):\n  with self.assertRaises(AssertionError):\n   r = run()\n   self.assertEqual(r, 1)",
    "AssertionError under a name": "E = AssertionError\ndef test_a():\n try:\n  assert run()\n except E:\n  pass",
    "in a loop": "def test_a():\n for x in range(3):\n  try:\n   assert run(x)\n  except AssertionError:\n   continue",
    "what follows is no failure": "def test_a():\n try:\n  run()\n except AssertionError:\n  pass\n else:\n  assert done()",
    "in a function of the file": "def check():\n try:\n  assert run()\n except AssertionError:\n  pass\ndef test_a():\n check()",
}
NOT_SWALLOWED = {
    "assert False": "def test_a():\n try:\n  assert run()\n except AssertionError:\n  assert False, 'told in other words'",
    "a context manager that tells more": "import contextlib\n@contextlib.contextmanager\ndef told():\n try:\n  yield\n except AssertionError:\n  print('x')\n  raise\ndef test_a():\n with told():\n  assert run()",
    "the one error": "import pytest\ndef test_a():\n try:\n  run()\n except ConnectionError:\n  pytest.skip('no server')",
    "a missing package": "import pytest\ndef test_a():\n try:\n  import numpy\n except ImportError:\n  pytest.skip('no numpy')",
    "cleaning up": "def test_a():\n try:\n  client.close()\n except Exception:\n  pass\n assert run()",
    "cleaning up by suppress": "import contextlib\ndef test_a():\n with contextlib.suppress(Exception):\n  client.close()\n assert run()",
    "the failure is expected": "def test_a():\n try:\n  check()\n except AssertionError:\n  pass\n else:\n  raise RuntimeError('no')",
    "the failure is expected, or fail": "import pytest\ndef test_a():\n try:\n  check()\n  pytest.fail('x')\n except AssertionError:\n  pass",
    "the error is looked at": "def test_a():\n try:\n  assert run()\n except AssertionError as e:\n  error = e\n assert error",
    "a poll": "def test_a():\n for _ in range(9):\n  try:\n   assert run()\n   break\n  except AssertionError:\n   time.time()\n else:\n  raise",
    "a poll without end": "def test_a():\n while True:\n  try:\n   assert run()\n   break\n  except AssertionError:\n   pass",
    "an assertion of the project's": "import pytest\ndef test_a():\n with pytest.raises(AssertionError):\n  assert_events([], ['x'])",
    "a failure with certain words": "import pytest\ndef test_a():\n with pytest.raises(AssertionError, match='missing'):\n  assert x",
    "raised again": "def test_a():\n try:\n  assert run()\n except Exception:\n  print('x')\n  raise",
    "code that is handed over": "def test_a():\n def f():\n  try:\n   assert x\n  except Exception:\n   pass\n run(f)",
    "the words are looked at": "def test_a():\n try:\n  f()\n except AssertionError as e:\n  assert 'x' in str(e)",
    "a finally that cleans up": "def test_a():\n try:\n  assert run()\n finally:\n  close()",
}


@pytest.mark.parametrize("source", SWALLOWED.values(), ids=SWALLOWED.keys())
def test_a_failure_that_is_swallowed_is_found(source: str) -> None:
    assert codes_in(source) == ["CIT013"]


@pytest.mark.parametrize("source", NOT_SWALLOWED.values(), ids=NOT_SWALLOWED.keys())
def test_an_error_that_is_expected_passes(source: str) -> None:
    assert codes_in(source) == []


PORTS = {
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
    "a table of one's own": (INTEGRATION, "PORTS = {'backend': 8000, 'redis': 6381}\ndef test_a():\n run(PORTS)"),
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
NOT_PORTS = {
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


@pytest.mark.parametrize(("path", "source"), PORTS.values(), ids=PORTS.keys())
def test_a_port_of_the_table_is_found_however_it_is_written(path: str, source: str) -> None:
    assert codes_in(source, path) == ["CIT003"]


@pytest.mark.parametrize(("path", "source"), NOT_PORTS.values(), ids=NOT_PORTS.keys())
def test_a_number_that_repeats_no_port_passes(path: str, source: str) -> None:
    assert codes_in(source, path) == []


def test_a_file_of_nested_look_ups_is_read_to_its_end() -> None:
    assert codes_in("import os\ndef test_a(x):\n x" + "['environ']" * 80) == []
