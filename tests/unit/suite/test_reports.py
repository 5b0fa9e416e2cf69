from types import SimpleNamespace
from typing import Any, Literal

import pytest

from ci_toolkit.model.journal import Failure, decoder
from ci_toolkit.model.record import encode
from ci_toolkit.suite.reports import failure_of, phase_of


def report(
    longrepr: Any = None, outcome: Literal["passed", "failed", "skipped"] = "failed", **more: Any
) -> pytest.TestReport:
    sections: Any = [(b"title", 7)]
    return pytest.TestReport(
        "test_a.py::test_1", ("test_a.py", 0, "test_1"), {}, outcome, longrepr, "call", sections=sections, **more
    )


class Repr(SimpleNamespace):
    def __str__(self) -> str:
        return "the last line"


@pytest.mark.parametrize(
    ("crash", "failure"),
    [
        (
            SimpleNamespace(path=1, lineno="two", message=ValueError("x")),
            Failure(message="x", detail="the last line", path="1", sections=(("b'title'", "7"),)),
        ),
        (
            SimpleNamespace(path="a.py", lineno=3, message=""),
            Failure(message="", detail="the last line", path="a.py", line=3, sections=(("b'title'", "7"),)),
        ),
        (object(), Failure(message="the last line", detail="the last line", sections=(("b'title'", "7"),))),
    ],
)
def test_a_plugin_may_say_of_a_failure_what_it_likes(crash: object, failure: Failure) -> None:
    assert failure_of(report(Repr(reprcrash=crash)), "/root") == failure


@pytest.mark.parametrize("outcome", ["passed", "failed", "skipped"])
def test_a_record_can_be_read_whatever_a_plugin_says(outcome: Literal["passed", "failed", "skipped"]) -> None:
    odd = report(
        Repr(reprcrash=SimpleNamespace(lineno=[])), outcome, wasxfail=KeyError("why"), user_properties=[(1, 2)]
    )
    record = phase_of(odd, 0, "/root", seconds=0.0, keeps_output=True)
    assert record is not None
    assert decoder.decode(encode(record)) == record
