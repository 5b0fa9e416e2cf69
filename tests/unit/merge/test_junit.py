import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ci_toolkit.merge.junit import write_fragment, write_junit
from ci_toolkit.model.journal import Failure, When
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult, UnrunSubtest
from ci_toolkit.model.verdict import Counts


def a_result(outcome: str = "passed", node_id: str = "tests/test_a.py::test_1", **also: object) -> TestResult:
    fields = {"path": "tests/test_a.py", "line": 3, "category": "", "call_seconds": 0.5, **also}
    return TestResult(node_id=node_id, outcome=Outcome(outcome), **fields)  # type: ignore[arg-type]  # named in tests


def a_failure(when: str = "call", message: str = "assert 0", *, subtest: str = "", **also: object) -> PhaseFailure:
    fields = {"detail": "the traceback", **also}
    return PhaseFailure(when=When(when), failure=Failure(message=message, **fields), subtest=subtest)  # type: ignore[arg-type]


def case_of(folder: Path, result: TestResult) -> ET.Element:
    """The test case as a reader of XML sees it."""
    write_fragment(folder / "fragment.xml", [result])
    return ET.fromstring((folder / "fragment.xml").read_bytes().decode())


def elements(case: ET.Element) -> list[tuple[str, dict[str, str], str]]:
    return [(element.tag, element.attrib, element.text or "") for element in case]


@pytest.mark.parametrize(
    ("node_id", "names"),
    [
        ("tests/test_a.py::test_1", ("tests.test_a", "test_1")),
        ("test_a.py::T::U::test_1", ("test_a.T.U", "test_1")),
        ("test_a.py::T::test_1[a::b/c.py]", ("test_a.T", "test_1[a::b/c.py]")),
        ("tests/test_a.py", ("", "tests.test_a")),
        ("README.md", ("", "README.md")),
        ("test_a.py[1]", ("", "test_a[1]")),
        ("::test_1", ("", "test_1")),
    ],
)
def test_names_are_those_that_pytest_gives(tmp_path: Path, node_id: str, names: tuple[str, str]) -> None:
    case = case_of(tmp_path, a_result(node_id=node_id))
    assert (case.get("classname"), case.get("name")) == names


@pytest.mark.parametrize(
    ("path", "suffix", "names"),
    [
        ("x[1]/test_[a].py", "T::test_1", ("x[1].test_[a].T", "test_1")),
        ("x[1]/test_[a].py", "test_1[b]", ("x[1].test_[a]", "test_1[b]")),
    ],
)
def test_a_bracket_in_a_path_begins_no_parameters(
    tmp_path: Path, path: str, suffix: str, names: tuple[str, str]
) -> None:
    case = case_of(tmp_path, a_result(node_id=f"{path}::{suffix}", path=path))
    assert (case.get("classname"), case.get("name")) == names


def test_a_passed_test_is_one_line(tmp_path: Path) -> None:
    write_fragment(tmp_path / "fragment.xml", [a_result(), a_result(line=0, setup_seconds=1.0)])
    assert (tmp_path / "fragment.xml").read_text() == (
        '<testcase classname="tests.test_a" name="test_1" file="tests/test_a.py" line="3" time="0.500"/>\n'
        '<testcase classname="tests.test_a" name="test_1" file="tests/test_a.py" time="1.500"/>\n'
    )


def test_a_fragment_goes_on_where_it_ended(tmp_path: Path) -> None:
    for _ in range(2):
        write_fragment(tmp_path / "fragment.xml", [a_result()])
    assert (tmp_path / "fragment.xml").read_text().count("<testcase ") == 2


@pytest.mark.parametrize(("when", "tag"), [("call", "failure"), ("setup", "error"), ("teardown", "error")])
def test_a_failed_call_is_a_failure_and_the_rest_an_error(tmp_path: Path, when: str, tag: str) -> None:
    case = case_of(tmp_path, a_result("failed", failures=(a_failure(when),)))
    assert elements(case) == [(tag, {"message": "assert 0"}, "the traceback")]


def test_a_failed_subtest_is_named(tmp_path: Path) -> None:
    case = case_of(tmp_path, a_result("failed", failures=(a_failure(subtest="[i=1]"),)))
    assert elements(case) == [("failure", {"message": "[i=1]: assert 0"}, "the traceback")]


@pytest.mark.parametrize(("outcome", "kind"), [("skipped", "pytest.skip"), ("xfailed", "pytest.xfail")])
def test_a_passed_test_says_which_of_its_subtests_did_not_run(tmp_path: Path, outcome: str, kind: str) -> None:
    unrun = UnrunSubtest(subtest="(i=1)", outcome=Outcome(outcome), reason="needs a GPU")
    case = case_of(tmp_path, a_result("passed", unrun_subtests=(unrun,)))
    assert elements(case) == [("skipped", {"type": kind, "message": "(i=1): needs a GPU"}, "")]


@pytest.mark.parametrize(("outcome", "kind"), [("skipped", "pytest.skip"), ("xfailed", "pytest.xfail")])
def test_a_skip_says_why(tmp_path: Path, outcome: str, kind: str) -> None:
    case = case_of(tmp_path, a_result(outcome, reason="needs a GPU"))
    assert elements(case) == [("skipped", {"type": kind, "message": "needs a GPU"}, "")]


def test_a_test_that_passed_against_expectation_is_a_passed_one(tmp_path: Path) -> None:
    assert elements(case_of(tmp_path, a_result("xpassed", reason="a bug"))) == []


@pytest.mark.parametrize(("outcome", "tag"), [("passed", "flakyFailure"), ("failed", "rerunFailure")])
def test_earlier_failures_of_a_test_are_told_by_how_it_ended(tmp_path: Path, outcome: str, tag: str) -> None:
    failures = (a_failure(),) if outcome == "failed" else ()
    case = case_of(tmp_path, a_result(outcome, failures=failures, reruns=(a_failure(message="at first"),)))
    assert elements(case)[-1] == (tag, {"message": "at first"}, "the traceback")


def test_properties_and_captured_output_are_kept(tmp_path: Path) -> None:
    sections = (("Captured stdout call", "hello\n"), ("Captured log call", "INFO"))
    result = a_result("failed", failures=(a_failure(sections=sections),), properties=(("ticket", "7"),))
    case = case_of(tmp_path, result)
    (properties, failure, output) = case
    assert [prop.attrib for prop in properties] == [{"name": "ticket", "value": "7"}]
    assert failure.tag == "failure"
    assert output.text == "--- Captured stdout call ---\nhello\n\n--- Captured log call ---\nINFO"


def test_properties_of_a_passed_test_are_kept(tmp_path: Path) -> None:
    (properties,) = case_of(tmp_path, a_result(properties=(("ticket", "7"),)))
    assert properties[0].attrib == {"name": "ticket", "value": "7"}


HOSTILE = "<b>&\"'\x00\x1b[31m\ud800\ufffeé\U0001f600]]>\r"
AS_READ = "<b>&\"'#x00#x1B[31m#xD800#xFFFEé\U0001f600]]>\r"


def test_text_of_strangers_stays_text(tmp_path: Path) -> None:
    result = a_result(
        "failed",
        node_id=f"{HOSTILE.replace('[', '')}.py::T::test_1[{HOSTILE}]",
        path=f"{HOSTILE}.py",
        failures=(a_failure(message=HOSTILE, detail=HOSTILE, sections=((HOSTILE, HOSTILE),)),),
        properties=((HOSTILE, HOSTILE),),
    )
    case = case_of(tmp_path, result)
    assert case.attrib["classname"] == f"{AS_READ.replace('[', '').replace('/', '.')}.T"
    assert case.attrib["name"] == f"test_1[{AS_READ}]"
    assert case.attrib["file"] == f"{AS_READ}.py"
    properties, failure, output = case
    assert failure.text == AS_READ
    assert failure.attrib["message"] == AS_READ
    assert properties[0].attrib["value"] == AS_READ
    assert output.text == f"--- {AS_READ} ---\n{AS_READ}"


def test_a_report_has_one_suite_a_shard_and_the_sums(tmp_path: Path) -> None:
    fragments = [tmp_path / "1.xml", tmp_path / "2.xml"]
    write_fragment(fragments[0], [a_result()])
    write_fragment(fragments[1], [a_result("failed", failures=(a_failure(),))])
    first = Counts(total=9, passed=1, errors=1, skipped=1, xfailed=2, lost=3, left_out=1)
    second = Counts(total=1, failed=1)
    suites = [("shard-1", first, 1.25, 0.0, fragments[0]), ("shard-2", second, 0.5, 86_400.0, fragments[1])]
    write_junit(tmp_path / "junit.xml", suites)
    root = ET.fromstring((tmp_path / "junit.xml").read_bytes())
    both = {"tests": "6", "failures": "1", "errors": "1", "skipped": "3", "time": "1.750"}
    assert (root.tag, root.attrib) == ("testsuites", {"name": "ci-toolkit", **both})
    assert [suite.attrib for suite in root] == [
        {
            "name": "shard-1",
            "tests": "5",
            "failures": "0",
            "errors": "1",
            "skipped": "3",
            "time": "1.250",
            "timestamp": "1970-01-01T00:00:00+00:00",
        },
        {
            "name": "shard-2",
            "tests": "1",
            "failures": "1",
            "errors": "0",
            "skipped": "0",
            "time": "0.500",
            "timestamp": "1970-01-02T00:00:00+00:00",
        },
    ]
    assert [[case.tag for case in suite] for suite in root] == [["testcase"], ["testcase"]]
