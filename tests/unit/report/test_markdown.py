import pytest

from ci_toolkit.model.quarantine import QuarantineStay, QuarantineUse
from ci_toolkit.model.verdict import Breach, Counts, Coverage, Gate, Proof, Status, TestFailure, Verdict
from ci_toolkit.report.html import render_html
from ci_toolkit.report.markdown import code, render_markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_a.py::test_it", "test_a.py::test_it"),
        ("_emphasis_ __strong__", "&#95;emphasis&#95; &#95;&#95;strong&#95;&#95;"),
        ("a|b `c` <d>", "a&#124;b &#96;c&#96; &#60;d&#62;"),
    ],
)
def test_text_stays_text_and_names_stay_as_they_are(text: str, shown: str) -> None:
    assert code(text) == f"<code>{shown}</code>"


def test_a_quarantined_failure_and_one_that_is_not_excused_each_say_why_in_full() -> None:
    why = f"it is in quarantine, and {'failed in a new way: ' * 15}the end"
    failures = tuple(
        TestFailure(
            node_id=f"a.py::test_{word}", file="a.py", line=1, message="no", quarantined=is_quarantined, why=why
        )
        for word, is_quarantined in (("red", False), ("known", True))
    )
    stay = QuarantineStay(test="a.py::test_known", owner="<b>@team", days=26, expires="2026-12-20")
    verdict = Verdict(
        status=Status.FAILED,
        exit_code=1,
        plan_id="f" * 64,
        counts=Counts(total=2, failed=2, quarantined=1),
        coverage=Coverage(percent=None),
        proof=Proof(planned_files=1, collected_files=1, collected_tests=2, outcomes=2, statement="it adds up"),
        failures=failures,
        quarantine=QuarantineUse(digest="d" * 64, entries=1, held_back=("the entry of `x`",), stays=(stay,)),
    )
    text = render_markdown(verdict)
    _, red, known = text.split("\n### ")[:3]
    assert red.startswith("Failures\n")
    assert "test_red" in red
    assert "the end | 0 |" in red
    assert known.startswith("Quarantined")
    assert "test_known" in known
    assert "- does not count yet: the entry of &#96;x&#96;" in text
    assert "| <code>a.py::test_known</code> | &#60;b&#62;&#64;team | 26 | 2026-12-20 |" in text
    page = render_html(verdict)
    assert "<td>&lt;b&gt;@team</td>" in page
    assert "does not count yet: the entry of `x`" in page


def test_the_page_of_a_failed_run_needs_no_quarantine() -> None:
    verdict = Verdict(
        status=Status.FAILED,
        exit_code=1,
        plan_id="f" * 64,
        counts=Counts(total=1, failed=1),
        breaches=(Breach(gate=Gate.TESTS, message="1 failed"),),
        coverage=Coverage(percent=None),
        proof=Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="it adds up"),
    )
    page = render_html(verdict)
    assert "<b>tests</b>: 1 failed" in page
    assert "quarantine" not in page
