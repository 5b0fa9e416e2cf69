import pytest

from ci_toolkit.lint.engine import FileReport, lint_source
from ci_toolkit.lint.settings import LintSettings

SLEEP = "import time\ndef test_a():\n    time.sleep(1)"


def looked_at(source: str, settings: LintSettings | None = None) -> FileReport:
    path = "tests/test_a.py"
    return lint_source(source.encode(), path=path, within=path, settings=settings or LintSettings())


def codes_in(source: str, settings: LintSettings | None = None) -> list[str]:
    return [finding.code for finding in looked_at(source, settings).findings]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: CIT007 (the device needs a second, and tells nobody)",
        "# noqa: CIT007 - the device needs a second",
        "# noqa: CIT007 the device needs a second",
        "# NOQA:CIT007 (the device needs a second)",
        "# noqa: S101, CIT007 (the device needs a second)",
        "# slow  # noqa: CIT007 (the device needs a second)",
    ],
)
def test_a_waiver_with_a_reason_takes_the_finding_away(comment: str) -> None:
    report = looked_at(f"{SLEEP}  {comment}\n")
    assert report.findings == ()
    assert report.waived == 1


@pytest.mark.parametrize("comment", ["# noqa: CIT007", "# noqa: CIT007 ()", "# noqa: CIT007 (-)"])
def test_a_waiver_without_a_reason_is_itself_a_finding(comment: str) -> None:
    assert codes_in(f"{SLEEP}  {comment}\n") == ["CIT090"]


def test_a_waiver_of_an_unknown_code_is_a_finding_that_names_the_nearest() -> None:
    findings = looked_at("x = 1  # noqa: CIT0077 (why not)\n").findings
    assert [finding.code for finding in findings] == ["CIT091"]
    assert "did you mean CIT007" in findings[0].message


def test_a_waiver_of_nothing_is_a_finding() -> None:
    assert codes_in("x = 1  # noqa: CIT007 (why not)\n") == ["CIT092"]


def test_a_waiver_of_a_rule_that_is_not_looked_for_cannot_be_called_unused() -> None:
    assert codes_in("x = 1  # noqa: CIT007 (why not)\n", LintSettings(ignore=("CIT007",))) == []


def test_a_blanket_noqa_waives_nothing_here() -> None:
    assert codes_in(f"{SLEEP}  # noqa\n") == ["CIT007"]


def test_a_waiver_on_another_line_does_not_reach() -> None:
    source = "import time\ndef test_a():  # noqa: CIT007 (here)\n    time.sleep(1)\n"
    assert sorted(codes_in(source)) == ["CIT007", "CIT092"]


def test_a_waiver_may_stand_on_the_last_line_of_a_long_expression() -> None:
    source = "import time\ndef test_a():\n    time.sleep(\n        1,\n    )  # noqa: CIT007 (the device needs it)\n"
    assert codes_in(source) == []


def test_text_that_looks_like_a_waiver_is_none() -> None:
    assert codes_in('x = "# noqa: CIT999 (text)"\n') == []


def test_a_whole_file_is_waived_at_its_first_line() -> None:
    path = "tests/thing_test.py"
    source = b"# noqa: CIT005 (the vendor's runner wants this name)\ndef test_a():\n    assert run()\n"
    assert lint_source(source, path=path, within=path, settings=LintSettings()).findings == ()


def test_a_file_that_python_cannot_read_is_not_waived() -> None:
    assert codes_in("def broken(:  # noqa: CIT000 (later)\n") == ["CIT000"]
