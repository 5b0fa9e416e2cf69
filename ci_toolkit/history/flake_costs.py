"""What flaky tests cost: the time of goes that were made because of a failure, and the runs that they made red."""

from collections import Counter
from collections.abc import Iterable

from ci_toolkit.history.store import ExtraGoes, Outcomes
from ci_toolkit.model.outcomes import Judged, JudgedRun
from ci_toolkit.model.record import Record
from ci_toolkit.verdict.court.case import Kind
from ci_toolkit.verdict.court.lists import COMMITS_TO_LIST, FLAKINESS


class CostlyTest(Record, frozen=True, kw_only=True):
    """A test that was run more than once."""

    node_id: str
    goes: int
    """How often it was run again."""
    seconds: float
    flaky: int
    """In how many runs the court found it flaky in any way."""


class FlakeCosts(Record, frozen=True, kw_only=True):
    """What flaky tests cost in one environment, as far back as outcomes are kept."""

    goes: int = 0
    """Reruns and trials."""
    seconds: float = 0.0
    """What these took."""
    judged: int = 0
    """Runs whose failures were judged."""
    tests_seconds: float = 0.0
    """What the tests of these took."""
    trial_seconds: float = 0.0
    """What the trials of these took."""
    kept_green: int = 0
    """Of these, runs with failures that were all excused."""
    red_by_flakes: int = 0
    """Of these, red runs in which nothing was red but new failures of tests that are flaky at other commits."""
    costliest: tuple[CostlyTest, ...] = ()


def flake_costs(outcomes: Outcomes, environment: str, *, top: int) -> FlakeCosts:
    """Return what ``outcomes`` tell of ``environment``, with the ``top`` tests that cost most."""
    extra = list(outcomes.extra_goes(environment))
    runs = [found.run for found in outcomes.judged_runs(environment)]
    flaky = Counter(judged.test for run in runs for judged in run.failures if _is_flaky(judged))
    known = _flaky_at_several_commits(runs)
    return FlakeCosts(
        goes=sum(of_test.goes for of_test in extra),
        seconds=round(sum(of_test.seconds for of_test in extra), 3),
        judged=len(runs),
        tests_seconds=round(sum(run.tests_seconds for run in runs), 3),
        trial_seconds=round(sum(run.trial_seconds for run in runs), 3),
        kept_green=sum(bool(run.failures) and not any(judged.is_red for judged in run.failures) for run in runs),
        red_by_flakes=sum(_is_red_by_flakes(run, known) for run in runs),
        costliest=tuple(_costliest(extra, flaky)[:top]),
    )


def _costliest(extra: Iterable[ExtraGoes], flaky: Counter[str]) -> list[CostlyTest]:
    tests = [
        CostlyTest(node_id=of.test, goes=of.goes, seconds=round(of.seconds, 3), flaky=flaky[of.test]) for of in extra
    ]
    return sorted(tests, key=lambda test: (-test.seconds, -test.goes, test.node_id))


def _is_flaky(judged: Judged) -> bool:
    return judged.kind in FLAKINESS


def _flaky_at_several_commits(runs: Iterable[JudgedRun]) -> frozenset[str]:
    commits: dict[str, set[str]] = {}
    for run in runs:
        for judged in run.failures:
            if _is_flaky(judged):
                commits.setdefault(judged.test, set()).add(run.commit or run.key)
    return frozenset(test for test, at in commits.items() if len(at) >= COMMITS_TO_LIST)


def _is_red_by_flakes(run: JudgedRun, flaky: frozenset[str]) -> bool:
    red = [judged for judged in run.failures if judged.is_red]
    return bool(red) and all(judged.test in flaky and judged.kind == Kind.NEW_FAILURE for judged in red)
