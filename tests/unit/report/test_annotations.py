import pytest

from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.report.annotations import Root, place_of

TRACEBACK = """\
tests/test_a.py:12: in test_it
    call()
src/app/calls.py:30: in call
    library()
/usr/lib/python3.12/json/decoder.py:5: in decode
E   made_up.py:1: not a frame
.venv/lib/python3.12/site-packages/lib/x.py:9: ValueError"""


@pytest.mark.parametrize(
    ("file", "line", "root", "place"),
    [
        ("src/app/own.py", 4, Root(), ("src/app/own.py", 4)),
        ("/usr/lib/python3.12/json/decoder.py", 5, Root(), ("src/app/calls.py", 30)),
        (".venv/lib/python3.12/site-packages/lib/x.py", 9, Root(), ("src/app/calls.py", 30)),
        ("../elsewhere.py", 9, Root(), ("src/app/calls.py", 30)),
        ("", 0, Root(prefix="backend", workspace="/w"), ("backend/src/app/calls.py", 30)),
        ("../shared/lib.py", 3, Root(prefix="backend", workspace="/w"), ("shared/lib.py", 3)),
        ("/w/shared/lib.py", 3, Root(prefix="backend", workspace="/w"), ("shared/lib.py", 3)),
        ("/work/lib.py", 3, Root(prefix="backend", workspace="/w"), ("backend/src/app/calls.py", 30)),
    ],
)
def test_a_failure_is_placed_at_the_deepest_frame_inside_the_repository(
    file: str, line: int, root: Root, place: tuple[str, int]
) -> None:
    failure = TestFailure(node_id="tests/test_a.py::test_it", file=file, line=line, message="", detail=TRACEBACK)
    assert place_of(failure, root) == place


def test_without_a_frame_it_is_placed_in_the_tests_file() -> None:
    assert place_of(TestFailure(node_id="tests/test_a.py::t", file="", line=0, message=""), Root()) == (
        "tests/test_a.py",
        0,
    )
    assert place_of(TestFailure(node_id="../out.py::t", file="", line=0, message=""), Root()) == ("", 0)
