"""The pages of the rules: one for every code, whose bad example is found and whose good one is clean."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from ci_toolkit.lint.engine import lint_source
from ci_toolkit.lint.rules import RULES, Rule
from ci_toolkit.lint.settings import LintSettings

PAGES = Path(__file__).parents[3] / "docs" / "rules"
_EXAMPLE = re.compile(r"## (Bad|Good)\n\n`([^`]+)`\n\n```python\n(.*?)```", re.DOTALL)


class Example(NamedTuple):
    path: str
    source: str


def examples_of(code: str) -> dict[str, Example]:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    return {kind: Example(path, source) for kind, path, source in _EXAMPLE.findall(page)}


def codes_in(example: Example) -> list[str]:
    report = lint_source(example.source.encode(), path=example.path, within=example.path, settings=LintSettings())
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize("code", RULES)
def test_the_page_of_a_rule_shows_it_at_work(code: str) -> None:
    examples = examples_of(code)
    assert codes_in(examples["Bad"]) == [code]
    assert codes_in(examples["Good"]) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_page_bears_the_name_of_its_rule(rule: Rule) -> None:
    assert (PAGES / f"{rule.code}.md").read_text(encoding="utf-8").startswith(f"# {rule.code} {rule.name}\n")


def test_the_table_of_the_rules_is_complete() -> None:
    table = (PAGES / "README.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.forbids} |" in table
    assert {page.stem for page in PAGES.glob("CIT*.md")} == set(RULES)


def test_every_setting_is_in_the_table_of_settings() -> None:
    text = (PAGES / "README.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(LintSettings):
        assert field.encode_name in text
