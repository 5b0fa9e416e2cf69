"""``ci-toolkit merge``, and the end of a local run: merge, judge, write every report, record what was learned."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_toolkit.config.project import project_root
from ci_toolkit.files import replace_file
from ci_toolkit.github.job import TOKEN_VARIABLE
from ci_toolkit.merge.covered_alone import Excusing
from ci_toolkit.merge.merge import merge_run
from ci_toolkit.model.changed_lines import ChangedLines
from ci_toolkit.model.last_run import Steps
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.quarantine import QuarantineInForce
from ci_toolkit.model.record import Record, to_json
from ci_toolkit.model.verdict import Verdict
from ci_toolkit.report.html import MOST_LISTED, render_html
from ci_toolkit.report.markdown import render_markdown
from ci_toolkit.report.publishable import publishable
from ci_toolkit.verdict.adjudication import Court, case_of, judgement_on, tests_seconds_of, trial_seconds_of
from ci_toolkit.verdict.exit_codes import despite_service_failure
from ci_toolkit.verdict.judge import Thresholds, judge
from ci_toolkit.verdict.quarantine import with_excuses
from ci_toolkit.workflow.adjudication import Past, court_of, remembering
from ci_toolkit.workflow.category_selection import select_categories
from ci_toolkit.workflow.changed_lines import change_of
from ci_toolkit.workflow.court_memory import judged_run
from ci_toolkit.workflow.history import record_run
from ci_toolkit.workflow.last_run import keep_last_run
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.plan_file import read_plan
from ci_toolkit.workflow.quarantine import quarantine_in_force
from ci_toolkit.workflow.reports import pictures_of, remove_reports
from ci_toolkit.workflow.thresholds import thresholds_of


class MergeRequest(Record, frozen=True, kw_only=True):
    """The options of ``ci-toolkit merge``, one field each."""

    plan_path: Path
    results: Path
    out: Path
    coverage_threshold: float | None = None
    category_thresholds: tuple[tuple[str, float], ...] = ()
    diff_threshold: float | None = None
    diff_base: str = ""
    no_quarantine: bool = False
    """Whether the quarantine excuses nothing."""
    history: str = ""
    """Where the run is recorded; ``""`` is nowhere."""


class Judging(Record, frozen=True, kw_only=True):
    """How a merged run is judged."""

    thresholds: Thresholds
    strictness: Strictness = Strictness.STRICT
    change: Callable[[], ChangedLines]
    """Says what the change wrote."""
    quarantine: QuarantineInForce | None = None
    """None where nothing is in quarantine."""
    court: Court | None = None
    """The court that judges the failures; None where the settings ask for none."""
    service_failure: str = ""
    """Which service did not live as long as the tests, or ``""``."""
    begun_at: float | None = None
    """When the command began, on the monotonic clock; None where it has not run the shards itself."""
    steps: Steps | None = None
    """Of a stepwise run."""


def merge_bundles(request: MergeRequest, folder: Path, observer: Observer) -> Verdict:
    """Merge the bundles of the plan's shards, write the reports, and return the verdict."""
    remove_reports(request.out)
    plan = read_plan(request.plan_path)
    root = project_root(folder)
    selection = select_categories(root, mode=plan.mode, categories=plan.categories)
    judging = Judging(
        thresholds=thresholds_of(
            request.coverage_threshold, request.diff_threshold, request.category_thresholds, selection
        ),
        strictness=selection.mode.strictness,
        change=change_of(request.diff_base, folder),
        quarantine=None if request.no_quarantine else quarantine_in_force(root),
        court=court_of(root, folder),
    )
    return judge_bundles(plan, request.results, request.out, judging, request.history, observer)


def judge_bundles(plan: Plan, results: Path, out: Path, judging: Judging, history: str, observer: Observer) -> Verdict:
    """Merge the bundles below ``results``, judge them, write the reports to ``out``, record the run in ``history``."""
    thresholds, quarantine = judging.thresholds, judging.quarantine
    run = merge_run(
        plan,
        results,
        out,
        tell=observer.say,
        coverage_categories={*thresholds.by_category, *thresholds.if_measured},
        changes=None if thresholds.changed_lines is None else judging.change(),
        learns=bool(history),
        asked=tuple(entry.test for entry in quarantine.file.entries) if quarantine else (),
        excusing=Excusing(tests=quarantine.excusing, changes=judging.change) if quarantine else None,
    )
    court = judging.court and _remembering(judging.court, run, history, observer)
    verdict = judge(run, thresholds, judging.strictness, quarantine, court)
    verdict = despite_service_failure(verdict, judging.service_failure)
    if judging.begun_at is not None:
        verdict = msgspec.structs.replace(verdict, wall_seconds=round(time.monotonic() - judging.begun_at, 3))
    _write_reports(verdict, out)
    keep_last_run(out, plan, verdict, observer, judging.steps)
    if court is not None:
        run = _with_judgement(with_excuses(run, quarantine), court)
    record_run(history, run.history, observer.say)
    return verdict


def _remembering(court: Court, run: MergedRun, history: str, observer: Observer) -> Court:
    tries = run.history.outcomes
    if not tries:
        return court
    before, environment = min(found.at for found in tries), tries[0].environment
    past = Past(history=history, environment=environment, commit=run.plan.commit, before=before)
    return remembering(court, past, run.failures, ((found.shard, found.order) for found in tries), observer.say)


def _with_judgement(run: MergedRun, court: Court) -> MergedRun:
    """Return ``run`` with what its history keeps of the judgement; what the quarantine excuses is not judged."""
    tries = run.history.outcomes
    if not tries:
        return run
    judged = judged_run(
        case_of(run.failures, court, tests_seconds_of(run)),
        judgement_on(run, court),
        key=run.plan.run_id,
        at=time.time(),
        environment=tries[0].environment,
        commit=run.plan.commit,
        trial_seconds=trial_seconds_of(run),
    )
    return msgspec.structs.replace(run, history=msgspec.structs.replace(run.history, judged=(judged,)))


def _write_reports(verdict: Verdict, out: Path) -> None:
    replace_file(out / "verdict.json", to_json(verdict))
    shown = publishable(
        verdict, hidden=(os.environ.get(TOKEN_VARIABLE, "").strip(),), keeps_output=True, most=MOST_LISTED
    )
    replace_file(out / "summary.md", render_markdown(shown).encode("utf-8", "backslashreplace"))
    replace_file(out / "report.html", render_html(shown, pictures_of(shown, out)).encode("utf-8", "backslashreplace"))
