"""Every example of the test guide: the forbidden ones are found with their own rule, the correct ones pass clean."""

import re
from pathlib import Path

import pytest

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.settings import LintSettings

PAGE = Path(__file__).with_name("guide_examples.md").read_text(encoding="utf-8")
FORBIDDEN, CORRECT, AT_ONCE = (part for part in PAGE.split("\n## ")[1:])
EXAMPLE = re.compile(r"^### (.+?)\n\n(?:(CIT\d{3}) in )?`(.+?)`\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BAD = {name: (path, code, source) for name, code, path, source in EXAMPLE.findall(FORBIDDEN)}
GOOD = {name: (path, source) for name, _, path, source in EXAMPLE.findall(CORRECT)}
NETRA = Path(__file__).parents[3] / "examples" / "netra"
FILES = sorted(path.relative_to(NETRA).as_posix() for path in NETRA.rglob("test_*.py"))


def codes_in(path: str, source: str) -> list[str]:
    report = lint_source(source.encode(), path=path, within=path, settings=LintSettings())
    return [finding.code for finding in report.findings]


def test_every_example_of_the_page_is_read() -> None:
    assert len(BAD) + len(GOOD) == PAGE.count("\n### ")
    assert len(FILES) >= 8


@pytest.mark.parametrize(("path", "code", "source"), BAD.values(), ids=BAD.keys())
def test_a_forbidden_example_is_found_with_its_own_rule_and_no_other(path: str, code: str, source: str) -> None:
    assert codes_in(path, source) == [code]


@pytest.mark.parametrize(("path", "source"), GOOD.values(), ids=GOOD.keys())
def test_a_correct_example_passes_clean(path: str, source: str) -> None:
    assert codes_in(path, source) == []


@pytest.mark.parametrize("path", FILES)
def test_a_whole_file_of_the_example_project_passes_clean(path: str) -> None:
    assert codes_in(path, (NETRA / path).read_text(encoding="utf-8")) == []


def test_the_bad_examples_stay_bad_without_their_imports() -> None:
    """The guide shows the forbidden lines without imports; a reader would still call them wrong."""
    assert codes_in("tests/test_a.py", 'def test_a():\n    os.environ["TEST_VAR"] = "value"\n') == ["CIT002"]
    assert codes_in("tests/test_a.py", "async def test_a():\n    await asyncio.sleep(5)\n") == ["CIT007"]
    bare = '@pytest.mark.e2e\ndef test_a():\n    with patch("database.connect"):\n        pass\n'
    assert codes_in("tests/test_a.py", bare) == ["CIT001"]


def test_the_forbidden_patterns_in_one_file_are_each_found_once() -> None:
    source = AT_ONCE.partition("```python\n")[2].partition("```")[0]
    expected = ["CIT001", "CIT002", "CIT003", "CIT004", "CIT006", "CIT007", "CIT008"]
    assert codes_in("tests/test_forbidden.py", source) == expected
