from pathlib import Path

from run_samples import PLAN

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.model.bundle import ShardCard, ShardState
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import (
    CollectedTest,
    Crashed,
    Failure,
    FileCollected,
    JournalRecord,
    Phase,
    PhaseOutcome,
    Started,
    Uncollectable,
    When,
)
from ci_toolkit.model.process_fold import ProcessFold
from ci_toolkit.workflow.replay import Place, told_of

TEST = "test_a.py::test_b"
COLLECTED = FileCollected(
    path="test_a.py", first=0, tests=(CollectedTest(suffix="test_a"), CollectedTest(suffix="test_b"))
)


def a_fold(*records: JournalRecord) -> JournalFold:
    fold = JournalFold(1)
    process = ProcessFold(fold, "1-main.jsonl")
    for record in records:
        process.take(record)
    return fold


def a_test(outcome: PhaseOutcome, message: str = "") -> list[JournalRecord]:
    failure = Failure(message=message, detail="E   KeyError: 1\n\ntest_a.py:3: KeyError") if message else None
    return [
        COLLECTED,
        Started(i=1, at=1.0),
        Phase(i=1, w=When.SETUP, o=PhaseOutcome.PASSED, s=0.0),
        Phase(i=1, w=When.CALL, o=outcome, s=0.0, failure=failure),
        Phase(i=1, w=When.TEARDOWN, o=PhaseOutcome.PASSED, s=0.0),
    ]


def test_a_failure_is_told_with_its_signature_and_one_without_its_message() -> None:
    some, other = (told_of(a_fold(*a_test(PhaseOutcome.FAILED, said)), TEST, "") for said in ("KeyError: 1", "odd"))
    assert (some.failed, some.why) == (True, "KeyError: 1")
    assert some.signature != other.signature
    assert some.likeness == other.likeness


def test_a_pass_is_told_and_a_skip_tells_nothing() -> None:
    assert told_of(a_fold(*a_test(PhaseOutcome.PASSED)), TEST, "").failed is False
    skipped = told_of(a_fold(*a_test(PhaseOutcome.SKIPPED)), TEST, "")
    assert (skipped.failed, skipped.why) == (None, "it was skipped")


def test_a_test_before_it_that_kills_the_process_is_named() -> None:
    crash = Crashed(node_id="test_a.py::test_a", path="test_a.py", reason="killed by SIGSEGV")
    told = told_of(a_fold(COLLECTED, Started(i=0, at=1.0), crash), TEST, "")
    assert (told.failed, told.why) == (None, "it never ran, after test_a.py::test_a: killed by SIGSEGV")
    own = Crashed(node_id=TEST, path="test_a.py", reason="killed by SIGSEGV")
    assert told_of(a_fold(COLLECTED, Started(i=1, at=1.0), own), TEST, "").failed is True


def test_a_file_that_cannot_be_imported_after_others_is_a_failure_of_the_test() -> None:
    broken = Uncollectable(
        node_id="test_a.py", path="test_a.py", outcome=PhaseOutcome.FAILED, failure=Failure(message="ImportError: no")
    )
    assert told_of(a_fold(broken), TEST, "").why == "ImportError: no"
    assert told_of(a_fold(), TEST, "pytest did not start").why == "pytest did not start"


def test_a_file_that_skips_itself_tells_nothing_and_one_that_kills_its_process_fails() -> None:
    skipped = Uncollectable(
        node_id="test_a.py", path="test_a.py", outcome=PhaseOutcome.SKIPPED, failure=Failure(message="not here")
    )
    told = told_of(a_fold(skipped), TEST, "")
    assert (told.failed, told.why) == (None, "it was skipped")
    killed = Crashed(node_id="test_a.py", path="test_a.py", reason="killed by SIGSEGV")
    assert told_of(a_fold(killed), TEST, "").why == "killed by SIGSEGV"


def test_what_was_replayed_is_named_by_order_and_sources(tmp_path: Path) -> None:
    card = ShardCard(plan_id="p", index=1, state=ShardState.FINISHED)
    (tmp_path / "a.py").write_text("one")

    def digest(before: tuple[str, ...]) -> str:
        bundle = Bundle(folder=str(tmp_path), card=card)
        return Place(PLAN, bundle, TEST, before, {"a.py": "0", "gone.py": "0"}).digest(tmp_path)

    first = digest(("t",))
    assert digest(("t",)) == first
    assert digest(()) != first
    (tmp_path / "a.py").write_text("two")
    assert digest(("t",)) != first
