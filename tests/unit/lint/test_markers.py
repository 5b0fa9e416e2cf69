"""Markers: categories (CIT006, CIT010), skips (CIT008), flaky tests (CIT011)."""

import pytest
from lint_lab import codes_in

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
