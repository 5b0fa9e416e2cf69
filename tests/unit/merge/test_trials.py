"""What trials showed is read as a stranger's: only sealed journals of the trial itself tell an outcome."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bundle_samples import leave_bundle, merged, plan_of, told, write_card
from journal_samples import collected, fails, opened, passes, setup, started, teardown, uncollectable
from msgspec.structs import replace

from ci_toolkit.model.bundle import (
    ADJUDICATION_NAME,
    JOURNAL_FOLDER,
    TRIALS_FOLDER,
    AdjudicationCard,
    JournalSeal,
    ShardTrials,
    TrialRecord,
)
from ci_toolkit.model.journal import AgainEnded, AgainStarted, JournalRecord, PhaseOutcome, Selected
from ci_toolkit.model.journal_end import Executed
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import encode, to_json
from ci_toolkit.model.trial import How, Tree, Trial, TrialOutcome, Where

TEST = "test_a.py::test_1"
PLAN = plan_of(["test_a.py"])
FAILED = (collected("test_a.py", "test_1"), Selected(tests=1), *fails(0))
PASSED = (collected("test_a.py", "test_1"), Selected(tests=1), *passes(0))


def leave_trial(
    folder: Path,
    records: Sequence[JournalRecord],
    *,
    number: int = 1,
    trial: Trial = Trial(test=TEST),  # noqa: B008 (frozen)
    attempt: int = 100_001,
    plan: Plan = PLAN,
) -> TrialRecord:
    """Write the journal of a trial in the bundle ``folder`` and return its record."""
    journals = folder / TRIALS_FOLDER / str(number) / JOURNAL_FOLDER
    journals.mkdir(parents=True)
    lines = [opened(attempt=attempt, plan_id=plan.plan_id), *records]
    data = b"".join(encode(line) + b"\n" for line in lines)
    name = f"{attempt}-main.jsonl"
    (journals / name).write_bytes(data)
    seal = JournalSeal(name=name, size=len(data), records=len(lines), sha256=hashlib.sha256(data).hexdigest())
    return TrialRecord(number=number, trial=trial, seconds=1.5, journals=(seal,))


def run_with(results: Path, change: Callable[[Path], Sequence[TrialRecord]]) -> MergedRun:
    folder = leave_bundle(results, PLAN, 1, {"main": FAILED})
    write_card(folder, PLAN, 1, trials=tuple(change(folder)))
    return merged(results, PLAN)


def test_a_trial_tells_what_its_journal_says(tmp_path: Path) -> None:
    run = run_with(
        tmp_path,
        lambda folder: [
            leave_trial(folder, PASSED),
            leave_trial(folder, FAILED, number=2, attempt=100_002, trial=Trial(test=TEST, how=How.ORDER)),
        ],
    )
    passed, failed = run.trials
    assert (passed.outcome, failed.trial.how) == (TrialOutcome(failed=False), How.ORDER)
    assert failed.outcome == TrialOutcome(failed=True, signature=run.failures[0].signature)
    assert run.problems == ()


@pytest.mark.parametrize(
    ("how", "tries", "has_failed"),
    [
        (How.REPEATED, (PhaseOutcome.FAILED, PhaseOutcome.PASSED), False),
        (How.REPEATED, (PhaseOutcome.FAILED, PhaseOutcome.FAILED), True),
        (How.REPEATED, (PhaseOutcome.SKIPPED,), True),
        (How.REPEATED, (), True),
        (How.ORDER, (PhaseOutcome.PASSED,), True),
    ],
)
def test_a_test_that_is_tried_again_and_again_has_passed_if_it_did_once(
    tmp_path: Path, how: How, tries: Sequence[PhaseOutcome], *, has_failed: bool
) -> None:
    agains = [record for o in tries for record in (AgainStarted(i=0, at=1.0), AgainEnded(i=0, o=o, s=0.1))]
    trial = Trial(test=TEST, how=how)
    (made,) = run_with(tmp_path, lambda folder: [leave_trial(folder, (*FAILED, *agains), trial=trial)]).trials
    assert made.outcome is not None
    assert made.outcome.failed is has_failed


@pytest.mark.parametrize(
    ("records", "tree", "expected"),
    [
        pytest.param((collected("test_a.py"), Selected(tests=0)), Tree.BASE, False, id="the base has no such test"),
        pytest.param((Selected(tests=0),), Tree.BASE, False, id="the base has no such file"),
        pytest.param(
            (uncollectable("test_a.py"), Selected(tests=0)),
            Tree.BASE,
            "the base could not be collected (test_a.py: ImportError: no); its work tree has only what is committed",
            id="the base cannot import it",
        ),
        pytest.param(
            (*PASSED[:1], uncollectable("test_b.py", message="SyntaxError: no\nmore"), *PASSED[1:]),
            Tree.BASE,
            "the base could not be collected (test_b.py: SyntaxError: no)",
            id="the base cannot import what ran before",
        ),
        pytest.param(
            (*FAILED[:1], uncollectable("test_b.py"), *FAILED[1:]), Tree.BASE, True, id="it fails all the same"
        ),
        pytest.param((uncollectable("test_a.py"), Selected(tests=0)), Tree.HEAD, True, id="the head cannot import it"),
        pytest.param((Selected(tests=0),), Tree.HEAD, "did not come to the test", id="the head has no such test"),
        pytest.param((), Tree.BASE, "did not come to the test", id="nothing was collected"),
        pytest.param(
            (*FAILED[:2], started(0), setup(0, "skipped", reason="not here"), teardown(0)),
            Tree.HEAD,
            "it was skipped",
            id="skipped is no pass",
        ),
        pytest.param(
            (uncollectable("test_a.py", "skipped"), Selected(tests=0)),
            Tree.BASE,
            "it was skipped",
            id="a file that skips itself is no failure",
        ),
        pytest.param(
            (*PASSED, Executed(files=(("/home/a/product.py", "1"),))),
            Tree.BASE,
            "import what is checked out here",
            id="the base's tests ran the head",
        ),
    ],
)
def test_what_did_not_run_is_no_pass(
    tmp_path: Path, records: Sequence[JournalRecord], tree: Tree, *, expected: bool | str
) -> None:
    trial = Trial(test=TEST, tree=tree)
    (made,) = run_with(tmp_path, lambda folder: [leave_trial(folder, records, trial=trial)]).trials
    if isinstance(expected, str):
        assert made.outcome is None
        assert expected in made.why_not
    else:
        assert made.outcome is not None
        assert made.outcome.failed is expected


def test_sources_that_changed_while_trials_ran_are_no_evidence(tmp_path: Path) -> None:
    folder = leave_bundle(tmp_path, PLAN, 1, {"main": (*FAILED, Executed(files=(("a.py", "old"),)))})
    record = leave_trial(folder, (*PASSED, Executed(files=(("a.py", "new"),))))
    write_card(folder, PLAN, 1, trials=(record,))
    (made,) = merged(tmp_path, PLAN).trials
    assert (made.outcome, made.why_not) == (None, "the sources were changed while trials ran")


def lengthened(folder: Path) -> list[TrialRecord]:
    record = leave_trial(folder, PASSED)
    path = folder / TRIALS_FOLDER / "1" / JOURNAL_FOLDER / record.journals[0].name
    path.write_bytes(path.read_bytes() + b"{}\n")
    return [record]


def removed(folder: Path) -> list[TrialRecord]:
    record = leave_trial(folder, PASSED)
    (folder / TRIALS_FOLDER / "1" / JOURNAL_FOLDER / record.journals[0].name).unlink()
    return [record]


def linked(folder: Path) -> list[TrialRecord]:
    record = leave_trial(folder, PASSED)
    (folder / TRIALS_FOLDER / "1").rename(folder.parent / "elsewhere")
    (folder / TRIALS_FOLDER / "1").symlink_to(folder.parent / "elsewhere")
    return [record]


def named_outside(folder: Path) -> list[TrialRecord]:
    (seal,) = leave_trial(folder, PASSED).journals
    wrong = JournalSeal(name="../../../journal/1-main.jsonl", size=seal.size, records=1, sha256=seal.sha256)
    return [TrialRecord(number=1, trial=Trial(test=TEST), journals=(wrong,))]


def of_the_shard(folder: Path) -> list[TrialRecord]:
    return [leave_trial(folder, PASSED, attempt=1)]


def of_another_plan(folder: Path) -> list[TrialRecord]:
    return [leave_trial(folder, PASSED, plan=plan_of(["test_b.py"]))]


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lengthened, "journal-damaged"),
        (removed, "journal-missing"),
        (linked, "journal-unknown"),
        (named_outside, "journal-unknown"),
        (of_the_shard, "journal-unknown"),
        (of_another_plan, "journal-of-another-plan"),
    ],
)
def test_a_trial_whose_journals_are_not_its_own_is_a_problem_and_tells_nothing(
    tmp_path: Path, damage: Callable[[Path], Sequence[TrialRecord]], kind: str
) -> None:
    run = run_with(tmp_path, damage)
    assert [made.outcome for made in run.trials] == [None]
    assert {of for of, _ in told(run.problems)} == {kind}


def test_a_process_that_tells_of_many_tests_is_read_once(tmp_path: Path) -> None:
    names = ("test_1", "test_2")
    folder = leave_bundle(
        tmp_path, PLAN, 1, {"main": (collected("test_a.py", *names), Selected(tests=2), *fails(0), *fails(1))}
    )
    batch = (collected("test_a.py", *names), Selected(tests=2), *fails(0), *passes(1))
    trials = [Trial(test=f"test_a.py::{name}", how=How.BATCH) for name in names]
    record = leave_trial(folder, batch, trial=trials[0])
    records = (record, replace(record, trial=trials[1], seconds=0.0))
    write_card(folder, PLAN, 1, trials=records)
    run = merged(tmp_path, PLAN)
    outcomes = [made.outcome is not None and made.outcome.failed for made in run.trials]
    assert (outcomes, run.problems) == ([True, False], ())

    path = folder / TRIALS_FOLDER / "1" / JOURNAL_FOLDER / record.journals[0].name
    path.write_bytes(path.read_bytes() + b"{}\n")
    run = merged(tmp_path, PLAN)
    assert [made.outcome for made in run.trials] == [None, None]
    assert run.problems
    assert len(run.problems) == len({problem.message for problem in run.problems})


def test_trials_of_a_test_that_did_not_fail_are_not_read(tmp_path: Path) -> None:
    run = run_with(tmp_path, lambda folder: [leave_trial(folder, PASSED, trial=Trial(test="test_a.py::test_2"))])
    assert run.trials == ()


def test_a_shard_cannot_say_that_its_trial_was_made_elsewhere(tmp_path: Path) -> None:
    elsewhere = Trial(test=TEST, where=Where.OTHER)
    assert run_with(tmp_path, lambda folder: [leave_trial(folder, PASSED, trial=elsewhere)]).trials == ()


def leave_adjudication(
    results: Path, *, run_id: str = "run-1", machine: str = "other", where: Where = Where.OTHER
) -> Path:
    leave_bundle(results, PLAN, 1, {"main": FAILED}, machine="one")
    folder = results / "downloaded" / "adjudication"
    record = leave_trial(folder / "shard-1", PASSED, trial=Trial(test=TEST, where=where))
    card = AdjudicationCard(
        plan_id=PLAN.plan_id,
        run_id=run_id,
        began_at=1.0,
        machine=machine,
        shards=(ShardTrials(index=1, trials=(record,)), ShardTrials(index=7, trials=(record,))),
    )
    (folder / ADJUDICATION_NAME).write_bytes(to_json(card))
    return folder


def test_what_another_machine_showed_is_found_below_the_results(tmp_path: Path) -> None:
    leave_adjudication(tmp_path)
    run = merged(tmp_path, PLAN)
    assert [(made.trial.where, made.outcome) for made in run.trials] == [(Where.OTHER, TrialOutcome(failed=False))]
    assert (run.has_other_machine, run.problems) == (True, ())


@pytest.mark.parametrize(
    "what", [{"machine": "one"}, {"run_id": "run-2"}, {"where": Where.SAME}], ids=["machine", "run", "no other one"]
)
def test_what_the_machine_of_the_shard_or_another_run_showed_does_not_count(
    tmp_path: Path, what: dict[str, str]
) -> None:
    leave_adjudication(tmp_path, **what)  # type: ignore[arg-type]
    run = merged(tmp_path, PLAN)
    assert (run.trials, run.has_other_machine, run.problems) == ((), False, ())


def test_an_adjudication_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    folder = leave_adjudication(tmp_path)
    (folder / ADJUDICATION_NAME).write_bytes(b'{"schema": 1')
    run = merged(tmp_path, PLAN)
    assert [kind for kind, _ in told(run.problems)] == ["bundle-unreadable"]
    assert run.trials == ()
