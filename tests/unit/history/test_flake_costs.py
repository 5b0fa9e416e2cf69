from pathlib import Path

import msgspec
from history_samples import ELSEWHERE, HERE, NOW, file_run, run_of
from outcome_samples import go, judged, judged_run, try_of

from ci_toolkit.cli.history_text import lines_of
from ci_toolkit.history.flake_costs import CostlyTest, FlakeCosts, flake_costs
from ci_toolkit.history.overview import overview
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.outcomes import GoKind, Judged

MEMORY = Path(":memory:")
T, U = "test_a.py::t", "test_a.py::u"


def costs_of(*records: RunRecord, environment: str = HERE) -> FlakeCosts:
    with SqliteHistory(MEMORY) as history:
        for record in records:
            history.add(record, now=NOW)
        with history.outcomes() as outcomes:
            return flake_costs(outcomes, environment, top=10)


def red(test: str, kind: str = "new failure") -> Judged:
    return msgspec.structs.replace(judged(test, kind), is_red=True)


def at(commit: str, *failures: Judged) -> RunRecord:
    (run,) = judged_run(*failures, key=commit).judged
    return RunRecord(judged=(msgspec.structs.replace(run, commit=commit),))


def test_goes_that_were_made_because_of_a_failure_cost() -> None:
    rerun = (go("t"), go("t", Ended.PASSED, number=1, kind=GoKind.AGAIN))
    trials = [go("u"), *(go("u", number=number, kind=GoKind.ISOLATED) for number in (1, 2, 3))]
    found = costs_of(try_of({"t": "R", "u": "F", "v": "."}, *rerun, *trials), judged_run(judged(U)))
    assert (found.goes, found.seconds) == (4, 1.0)
    assert (found.judged, found.tests_seconds, found.trial_seconds) == (1, 60.0, 1.5)
    assert found.costliest == (
        CostlyTest(node_id=U, goes=3, seconds=0.75, flaky=1),
        CostlyTest(node_id=T, goes=1, seconds=0.25, flaky=0),
    )


def test_runs_are_counted_that_trials_kept_green_and_that_flaky_tests_alone_made_red() -> None:
    flaky_twice = (at("1", judged(T)), at("2", judged(T)))
    assert costs_of(*flaky_twice).kept_green == 2
    assert costs_of(*flaky_twice, at("3")).kept_green == 2, "nothing failed"
    assert costs_of(*flaky_twice, at("3", red(T))).red_by_flakes == 1
    assert costs_of(at("1", judged(T)), at("3", red(T))).red_by_flakes == 0, "flaky once may be the first of a fault"
    assert costs_of(*flaky_twice, at("3", red(T), red(U))).red_by_flakes == 0, "something else was red"
    assert costs_of(*flaky_twice, at("3", red(T, "regression"))).red_by_flakes == 0


def test_environments_have_costs_of_their_own() -> None:
    trial = go("t", kind=GoKind.ISOLATED)
    assert costs_of(try_of({"t": "F"}, trial), environment=ELSEWHERE) == FlakeCosts()


def test_costs_are_shown_in_the_overview() -> None:
    trial = go("t", number=1, kind=GoKind.ISOLATED)
    with SqliteHistory(MEMORY) as history:
        history.add(run_of(file_run({"t": 2.0})), now=NOW)
        assert not any("cost" in line for line in lines_of(overview(history, HERE, top=5), now=NOW))
        history.add(try_of({"t": "F"}, go("t"), trial), now=NOW)
        history.add(judged_run(judged(T)), now=NOW)
        assert list(lines_of(overview(history, HERE, top=5), now=NOW))[-5:] == [
            "-- what flaky tests cost --",
            "  1 rerun or trial took 0.2 s",
            "  1 run judged: 1 kept green by trials, 0 red by flaky tests alone",
            "  their tests took 1 min 00 s, the trials 1.5 s",
            "       0.25 s     1 goes  flaky   1  test_a.py::t",
        ]
