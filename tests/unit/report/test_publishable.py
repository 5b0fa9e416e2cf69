import msgspec

from ci_toolkit.model.verdict import Counts, Coverage, Proof, Status, TestFailure, Verdict
from ci_toolkit.report.publishable import LONGEST_DETAIL, LONGEST_LINE, publishable

PROOF = Proof(planned_files=1, collected_files=1, collected_tests=1, outcomes=1, statement="")


def failed(**failure: str) -> Verdict:
    fields = {"node_id": "test_a.py::t", "file": "test_a.py", "message": "", **failure}
    return Verdict(
        status=Status.FAILED,
        exit_code=1,
        plan_id="p",
        counts=Counts(),
        coverage=Coverage(percent=None),
        proof=PROOF,
        failures=(TestFailure(line=1, **fields),),  # type: ignore[arg-type]
    )


def test_a_verdict_with_nothing_to_hide_stays_as_it_is() -> None:
    verdict = failed(message="assert 1 == 2\n  where 1 = one()", detail="test_a.py:1: AssertionError")
    assert publishable(verdict) == verdict


def test_what_tests_printed_is_left_out_and_known_secrets_are_masked() -> None:
    (failure,) = publishable(failed(output="x", message="it is hush-hush", detail="hush"), hidden=("hush", "")).failures
    assert (failure.output, failure.message, failure.detail) == ("", "it is ***-***", "***")


def test_what_tests_printed_is_kept_for_artifacts_and_masked_and_its_end_is_shown() -> None:
    printed = "early\n" + "x\n" * LONGEST_DETAIL + "postgresql://u:hush@h/db\n"
    (failure,) = publishable(failed(output=printed, message=""), keeps_output=True).failures
    assert failure.output.endswith("x\npostgresql://u:***@h/db\n")
    assert "early" not in failure.output
    assert len(failure.output) <= LONGEST_DETAIL + 100


def test_long_lines_and_long_tracebacks_are_cut_where_no_secret_is_halved() -> None:
    detail = "x" * 50 + "\n" + ("y" * 99 + "\n") * 500
    (failure,) = publishable(failed(message="z" * 5000, detail=detail)).failures
    assert failure.message == "z" * (LONGEST_LINE - 3) + "..."
    assert len(failure.detail) <= LONGEST_DETAIL + 100
    assert failure.detail.startswith(f"(cut here: the last lines of {len(detail)} characters)\nyyy")


def test_a_secret_at_the_edge_of_what_is_shown_is_masked_whole() -> None:
    token = "ghs_0123456789abcdef0123456789"
    for before in range(LONGEST_LINE - 40, LONGEST_LINE + 1):
        (failure,) = publishable(failed(message="." * before + " " + token)).failures
        assert "ghs_0" not in failure.message


def test_characters_that_nobody_sees_are_shown_as_their_numbers() -> None:
    (failure,) = publishable(failed(message="a\u202eb\u200bc\ufeffd")).failures
    assert failure.message == "a\\u202eb\\u200bc\\ufeffd"


def test_what_no_page_shows_is_counted_and_left_blank() -> None:
    failures = tuple(
        TestFailure(node_id=f"t{n}", file="a.py", line=n, message="m", quarantined=n % 3 == 0) for n in range(12)
    )
    shown = publishable(msgspec.structs.replace(failed(), failures=failures), most=2).failures
    assert [test.node_id for test in shown if not test.quarantined] == ["t1", "t2", *[""] * 6]
    assert [test.node_id for test in shown if test.quarantined] == ["t0", "t3", "", ""]
