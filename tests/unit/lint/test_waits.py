"""Fixed waits (CIT007): in every disguise, and waits that something can end."""

import pytest
from lint_lab import codes_in

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
