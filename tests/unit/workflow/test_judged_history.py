"""What the history keeps of a judged run is what its verdict says."""

from pathlib import Path

import msgspec
from bundle_samples import leave_bundle, plan_of
from journal_samples import collected, fails
from test_quarantine import an_entry, in_force
from workflow_cases import Listener

from ci_toolkit.history.locations import open_history
from ci_toolkit.model.changed_lines import ChangedLines
from ci_toolkit.model.journal import Selected
from ci_toolkit.model.outcomes import JudgedRun
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.verdict.adjudication import Court
from ci_toolkit.verdict.court.case import Rules
from ci_toolkit.verdict.judge import Thresholds
from ci_toolkit.workflow.merging import Judging, judge_bundles

PLAN = plan_of(["test_a.py"])
COURT = Court(rules=Rules(process_is_gone=True, uses_other_machine=False), tree="head", base="base")


def judged(folder: Path, judging: Judging) -> tuple[Verdict, JudgedRun]:
    """The verdict on the bundles in ``folder``, and what is kept of it."""
    history = str(folder / "history.sqlite")
    verdict = judge_bundles(PLAN, folder / "results", folder / "out", judging, history, Listener())
    store = open_history(history)
    assert store is not None
    with store, store.outcomes() as outcomes:
        (found,) = outcomes.judged_runs("cpython-3.12-linux")
    return verdict, found.run


def test_what_the_quarantine_excuses_is_no_red_failure_of_the_history(tmp_path: Path) -> None:
    leave_bundle(
        tmp_path / "results", PLAN, 1, {"main": (collected("test_a.py", "test_1"), Selected(tests=1), *fails(0))}
    )
    judging = Judging(thresholds=Thresholds(), change=ChangedLines, court=COURT)
    verdict, run = judged(tmp_path, judging)
    assert (verdict.exit_code, [found.is_red for found in run.failures]) == (1, [True])

    entry = an_entry(verdict.failures[0].node_id, signatures=(verdict.failures[0].signature,))
    verdict, run = judged(tmp_path, msgspec.structs.replace(judging, quarantine=in_force(entry)))
    assert (verdict.exit_code, run.failures) == (0, ())
