"""Failures that are swallowed (CIT013), and errors that are expected."""

import pytest
from lint_lab import codes_in

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
