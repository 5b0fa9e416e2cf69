"""Judges a merged run: every rule that it breaks, and the one answer."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from ci_toolkit.errors import ExitCode
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MeasuredCoverage, MergedRun
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.quarantine import QuarantineInForce
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import Breach, CategoryCoverage, Coverage, Gate, ShardReport, Status, Verdict
from ci_toolkit.model.wording import number_of
from ci_toolkit.verdict.adjudication import Court, with_rulings
from ci_toolkit.verdict.advice import advise, overhead_of
from ci_toolkit.verdict.changed_lines import changed_lines_breaches, coverage_of_changes
from ci_toolkit.verdict.guide_rules import guide_breaches
from ci_toolkit.verdict.notes import notes_on, unused
from ci_toolkit.verdict.percentages import reaches, shown
from ci_toolkit.verdict.quarantine import quarantine_breaches, quarantine_notes, quarantine_use, with_excuses


class Thresholds(Record, frozen=True, kw_only=True):
    """What coverage must reach, in percent; None is no demand."""

    overall: float | None = None
    changed_lines: float | None = None
    by_category: Mapping[str, float] = {}
    if_measured: Mapping[str, float] = {}
    """What categories must reach where coverage was measured at all."""

    def demands(self, coverage: MeasuredCoverage | None) -> dict[str, float | None]:
        """Return category (``""`` is the whole run) to what is asked of it."""
        standing = {} if coverage is None else {n: t for n, t in self.if_measured.items() if n in coverage.by_category}
        return {"": self.overall, **standing, **self.by_category}


def judge(
    run: MergedRun,
    thresholds: Thresholds,
    strictness: Strictness = Strictness.STRICT,
    quarantine: QuarantineInForce | None = None,
    court: Court | None = None,
) -> Verdict:
    """Return the verdict on ``run``: incomplete before failed before passed. Without a ``court`` no trial excuses."""
    run = with_rulings(with_excuses(run, quarantine), court)
    is_strict = strictness is Strictness.STRICT
    doubts = (*_doubts(run), *(_breach(problem) for problem in run.disagreements if is_strict))
    rules = (*_broken_rules(run), *quarantine_breaches(run, quarantine), *guide_breaches(run, strictness))
    of_changes = changed_lines_breaches(run, thresholds.changed_lines)
    breaches = (*doubts, *rules, *_coverage_breaches(run, thresholds), *of_changes, *_suites_own_demand(run))
    nothing = run.counts.total == run.skipped_files and not doubts
    status = Status.INCOMPLETE if doubts else Status.FAILED if breaches or nothing else Status.PASSED
    code = {
        Status.INCOMPLETE: ExitCode.INCOMPLETE,
        Status.FAILED: ExitCode.NOTHING_TO_RUN if nothing else ExitCode.FAILED,
        Status.PASSED: ExitCode.PASSED,
    }[status]
    if nothing:
        breaches = (*breaches, Breach(gate=Gate.TESTS, message=_nothing_ran(run)))
    planned = {shard.index: shard.estimated_seconds for shard in run.plan.shards}
    return Verdict(
        status=status,
        exit_code=int(code),
        plan_id=run.plan.plan_id,
        commit=run.plan.commit,
        counts=run.counts,
        lost=run.lost,
        left_out=run.left_out,
        mode=run.plan.mode,
        breaches=breaches,
        coverage=_coverage(run, thresholds),
        shards=tuple(
            ShardReport(
                index=shard.index,
                state=shard.state,
                tests=shard.tests,
                planned_seconds=planned[shard.index],
                actual_seconds=shard.actual_seconds,
                tests_seconds=shard.tests_seconds,
                reason=shard.reason,
            )
            for shard in run.shards
        ),
        failures=run.failures,
        flaky=run.flaky,
        skipped=run.skipped,
        xfailed=run.xfailed,
        xpassed=run.xpassed,
        shows=run.shows,
        warnings=run.warnings,
        slowest=run.slowest,
        proof=run.proof,
        notes=(
            *run.notes,
            *(problem.message for problem in run.disagreements if not is_strict),
            *notes_on(run),
            *quarantine_notes(run, quarantine),
        ),
        quarantine=quarantine_use(run, quarantine),
        lower_bound_seconds=run.plan.lower_bound_seconds,
        predicted_seconds=_prediction(run),
        tests_seconds=max((shard.tests_seconds for shard in run.shards), default=0.0),
        achieved_seconds=max((shard.actual_seconds for shard in run.shards), default=0.0),
        overhead_seconds=round(overhead_of(run.shards), 3),
        llm=run.llm,
        advice=advise(run.shards, run.slowest).message,
    )


def _prediction(run: MergedRun) -> float | None:
    # Of other tests than these nothing was predicted: some were deselected, left out or lost.
    counts = run.counts
    is_whole = not (run.deselected or run.removed or counts.left_out or counts.lost)
    return run.plan.makespan_seconds if run.plan.has_times and is_whole else None


def _nothing_ran(run: MergedRun) -> str:
    if run.skipped_files:
        return f"no test ran: every test file skipped itself as a whole ({run.skipped_files}); {_CHECK}"
    return f"no test ran: no test was selected; {_CHECK}"


_CHECK = "check the paths, the options, and what the files ask for before they skip"


def _doubts(run: MergedRun) -> Iterator[Breach]:
    if run.lost:
        yield Breach(gate=Gate.COMPLETENESS, message=_lost_message(run))
    for shard in run.shards:
        if shard.state is not ShardState.FINISHED and not shard.stopped_by.is_by_rule:
            yield Breach(gate=Gate.COMPLETENESS, message=f"shard {shard.index} is {shard.state}: {shard.reason}")
    yield from map(_breach, run.problems)


def _lost_message(run: MergedRun) -> str:
    unknown = sum(1 for test in run.lost if not test.tests)
    message = f"{sum(test.counts_as for test in run.lost)} lost: planned or selected, and without an outcome"
    if not unknown:
        return message
    files = "1 of these is a file" if unknown == 1 else f"{unknown} of these are files"
    return f"{message}; {files} of which nobody knows how many tests there are"


def _breach(problem: Problem) -> Breach:
    return Breach(gate=Gate(problem.kind), message=problem.message)


def _broken_rules(run: MergedRun) -> Iterator[Breach]:
    counts = run.counts
    excused = sum(failure.quarantined or failure.is_excused for failure in run.failures)
    if counts.failed + counts.errors > excused:
        among = f"; {counts.quarantined} of them in quarantine" if counts.quarantined else ""
        among += f"; {counts.excused} of them excused" if counts.excused else ""
        message = f"{counts.failed} failed, {counts.errors} error{'s' * (counts.errors != 1)}{among}"
        yield Breach(gate=Gate.TESTS, message=message)
    for shard in run.shards:
        if shard.unexplained_exit:
            yield Breach(gate=Gate.PYTEST_EXIT, message=f"shard {shard.index}: {shard.unexplained_exit}")
    if run.unused_snapshots is not None and run.unused_snapshots.is_demanded:
        yield Breach(gate=Gate.UNUSED_SNAPSHOTS, message=unused(run.unused_snapshots))
    if run.warnings_limit is not None and run.warnings.count > run.warnings_limit.most:
        allowed = f"{run.warnings_limit.asked_by} allows {run.warnings_limit.most}"
        yield Breach(gate=Gate.MAX_WARNINGS, message=f"{number_of(run.warnings.count, 'warning')}; {allowed}")


def _coverage_breaches(run: MergedRun, thresholds: Thresholds) -> Iterator[Breach]:
    for category, threshold in sorted(thresholds.demands(run.coverage).items()):
        if threshold is None:
            continue
        of = f" of category {category}" if category else ""
        reached = _reached(run.coverage, category)
        if reached is None:
            yield Breach(gate=Gate.COVERAGE, message=f"coverage{of} was not measured; {threshold:g}% is asked for")
        elif not reaches(*reached, threshold):
            percent = 100 * reached[0] / reached[1]
            yield Breach(
                gate=Gate.COVERAGE, message=f"coverage{of} is {shown(percent, threshold)}%, under {threshold:g}%"
            )


_ALL = 100.0


def _suites_own_demand(run: MergedRun) -> Iterator[Breach]:
    # As coverage's should_fail_under judges: rounded to the suite's precision, and 100 is all there is.
    demand = run.coverage_demand
    if demand is None:
        return
    reached = _reached(run.coverage, "")
    asks = f"{demand.percent:g}%, which {demand.asked_by} asks for"
    if reached is None:
        yield Breach(gate=Gate.COVERAGE, message=f"coverage was not measured; it must reach {asks}")
        return
    percent = 100 * reached[0] / reached[1]
    digits = max(demand.precision, -int(Decimal(str(demand.percent)).normalize().as_tuple().exponent))
    if percent < _ALL if demand.percent == _ALL else round(percent, digits) < demand.percent:
        yield Breach(gate=Gate.COVERAGE, message=f"coverage is {shown(percent, demand.percent)}%, under {asks}")


def _reached(coverage: MeasuredCoverage | None, category: str) -> tuple[int, int] | None:
    if coverage is None:
        return None
    reached = coverage.by_category.get(category) if category else (coverage.covered, coverage.statements)
    return reached if reached is not None and reached[1] else None  # nothing of nothing is no coverage


def _coverage(run: MergedRun, thresholds: Thresholds) -> Coverage:
    measured, overall = run.coverage, thresholds.overall
    changed = coverage_of_changes(run, thresholds.changed_lines)
    if overall is None and run.coverage_demand is not None:
        overall = run.coverage_demand.percent
    if measured is None:
        return Coverage(percent=None, threshold=overall, changed=changed)
    demands = thresholds.demands(measured)
    by_category = {
        name: CategoryCoverage(percent=_percent(*numbers), threshold=demands.get(name))
        for name, numbers in sorted(measured.by_category.items())
    }
    percent = _percent(measured.covered, measured.statements) if measured.statements else None
    return Coverage(percent=percent, threshold=overall, by_category=by_category, changed=changed)


def _percent(covered: int, statements: int) -> float:
    return 100 * covered / statements if statements else 100.0
