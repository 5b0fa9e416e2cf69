"""Rules of a whole file: its name (CIT005), and what it is worth (CIT009)."""

import pytest
from lint_lab import codes_in

from ci_toolkit.lint.settings import LintSettings

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
