import pytest

from ci_toolkit.errors import FormatError
from ci_toolkit.history.junit_times import is_xml, read_junit_times

FILES = {"tests/unit/test_a.py", "test_top.py", "tests/test_a.py"}


def junit(*cases: str) -> bytes:
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>".encode()


def case(classname: str, name: str, time: str = "1.5", inside: str = "") -> str:
    return f'<testcase classname="{classname}" name="{name}" time="{time}">{inside}</testcase>'


def times(*cases: str) -> dict[str, float]:
    return read_junit_times(junit(*cases), origin="junit.xml", exists=FILES.__contains__).seconds


@pytest.mark.parametrize(
    ("classname", "name", "node_id"),
    [
        ("tests.unit.test_a", "test_x", "tests/unit/test_a.py::test_x"),
        ("tests.unit.test_a.TestB.TestC", "test_x[a.b::c]", "tests/unit/test_a.py::TestB::TestC::test_x[a.b::c]"),
        ("test_top", "test_x", "test_top.py::test_x"),
    ],
)
def test_node_id_is_found_by_the_files_that_are_here(classname: str, name: str, node_id: str) -> None:
    assert times(case(classname, name)) == {node_id: 1.5}


@pytest.mark.parametrize("inside", ['<failure message="x"/>', "<error/>", "<skipped/>"])
def test_only_passing_tests_count(inside: str) -> None:
    assert times(case("test_top", "test_x", inside=inside), case("test_top", "test_y", inside="<system-out/>")) == {
        "test_top.py::test_y": 1.5
    }


@pytest.mark.parametrize(
    ("classname", "time", "says"),
    [
        ("elsewhere.test_z", "1", "not here"),
        ("test_top", "-1", "-1"),
        ("test_top", "nan", "nan"),
        ("test_top", "", "()"),
    ],
)
def test_what_cannot_be_used_is_named(classname: str, time: str, says: str) -> None:
    found = read_junit_times(junit(case(classname, "t", time)), origin="x", exists=FILES.__contains__)
    assert found.seconds == {}
    assert says in found.refused[0]


@pytest.mark.parametrize(
    "data",
    [b"<testsuite>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a/><b/>"],
)
def test_other_xml_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"junit\.xml"):
        read_junit_times(data, origin="junit.xml", exists=FILES.__contains__)


@pytest.mark.parametrize(("data", "expected"), [(b"\xef\xbb\xbf<?xml", True), (b" \n<a/>", True), (b'{"a": 1}', False)])
def test_xml_is_told_from_json(data: bytes, expected: bool) -> None:  # noqa: FBT001
    assert is_xml(data) is expected
