"""What the court is told of its past is what it remembered itself."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_toolkit.history.locations import add_run
from ci_toolkit.history.store import HistoryError
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import FileOutcomes, Go, Judged, JudgedRun, TryOutcomes
from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import Trial, TrialOutcome
from ci_toolkit.verdict.court.case import CaseRun, FailedTest, Kind, Prices, Rules
from ci_toolkit.verdict.court.court import Judgement, adjudicate
from ci_toolkit.verdict.court.lists import suspects
from ci_toolkit.verdict.court.memory import Memory
from ci_toolkit.workflow.court_memory import judged_run, recalled

HERE = "cpython-3.12-linux"
RULES = Rules()
PRICES = Prices(test_seconds={}, shard_seconds=10.0)
NAMES = ("t", "u", "v")


class Played(Record, frozen=True, kw_only=True):
    """One run of a made-up history."""

    is_main: bool
    failed: frozenset[str]
    not_run: frozenset[str]
    order: str
    answers: tuple[bool, ...]


plays = st.lists(
    st.builds(
        lambda is_main, failed, not_run, order, answers: Played(
            is_main=is_main,
            failed=frozenset(failed),
            not_run=frozenset(not_run) - frozenset(failed),
            order=order,
            answers=tuple(answers),
        ),
        st.booleans(),
        st.sets(st.sampled_from(NAMES)),
        st.sets(st.sampled_from(NAMES), max_size=1),
        st.sampled_from(["o1", "o2", "o3"]),
        st.lists(st.booleans(), min_size=1, max_size=6),
    ),
    max_size=12,
)


def node(name: str) -> str:
    return f"test_a.py::{name}"


def judge(number: int, commit: int, played: Played, memory: Memory) -> tuple[CaseRun, Judgement]:
    case = CaseRun(
        commit=commit,
        is_main=played.is_main,
        base=f"tree {number - 1}",
        tree=f"tree {number}",
        order=played.order,
        failures=tuple(
            FailedTest(test=node(name), signature="s", cause="s", shard=1, is_touched=None)
            for name in sorted(played.failed)
        ),
        not_run=frozenset(map(node, played.not_run)),
        seconds=1000.0,
    )
    asked = 0

    def ask(trial: Trial) -> TrialOutcome:  # noqa: ARG001
        nonlocal asked
        asked += 1
        return TrialOutcome(failed=played.answers[asked % len(played.answers)], signature="s")

    return case, adjudicate(case, memory, ask, PRICES, RULES)


def letter(name: str, played: Played) -> str:
    return "F" if name in played.failed else "?" if name in played.not_run else "."


def record_of(number: int, commit: int, case: CaseRun, judgement: Judgement, played: Played) -> RunRecord:
    of_try = TryOutcomes(
        key=f"try {number}",
        run=f"run {number}",
        at=float(number),
        environment=HERE,
        lineage=Lineage(tree=case.tree, is_main=case.is_main),
        files=(
            FileOutcomes(
                path="test_a.py",
                suffixes=msgspec.json.encode(NAMES),
                letters="".join(letter(name, played) for name in NAMES),
            ),
        ),
        goes=tuple(Go(path="test_a.py", suffix=name, ended=Ended.FAILED, signature="s") for name in played.failed),
    )
    spent = RULES.budget_share * case.seconds + (RULES.savings * RULES.budget_share * case.seconds)
    judged = judged_run(
        case,
        judgement,
        key=f"run {number}",
        at=float(number),
        environment=HERE,
        commit=f"commit {commit}",
        trial_seconds=spent,
    )
    return RunRecord(outcomes=(of_try,), judged=(judged,))


def save(path: Path, records: Sequence[RunRecord]) -> None:
    one = RunRecord(
        outcomes=tuple(of_try for record in records for of_try in record.outcomes),
        judged=tuple(judged for record in records for judged in record.judged),
    )
    add_run(str(path), one, now=1000.0)


def comparable(memory: Memory) -> object:
    return memory.tests, memory.orders, memory.runs


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays)
def test_history_tells_the_court_what_it_remembered(
    tmp_path_factory: pytest.TempPathFactory, runs: Sequence[Played]
) -> None:
    path = tmp_path_factory.mktemp("history") / "history.sqlite"
    memory, commits, records = Memory(), 0, []
    for number, played in enumerate(runs, start=1):
        commit = commits + 1
        commits = commit if played.is_main else commits
        case, judgement = judge(number, commit, played, msgspec.structs.replace(memory, saved_seconds=None))
        memory = judgement.memory
        records.append(record_of(number, commit, case, judgement, played))
    save(path, records)
    told = recalled(str(path), HERE, rules=RULES, tree="tree 1", base="", tests=map_nodes(), before=1000.0)
    assert comparable(told.memory) == comparable(memory)
    assert suspects(told.memory, commits + 1) == suspects(memory, commits + 1)
    assert told.commits == tuple(f"commit {number}" for number in range(1, commits + 1))
    if runs:
        for name in NAMES:
            passed = letter(name, runs[0]) == "."
            assert told.memory.has_passed("tree 1", node(name)) is passed


def map_nodes() -> dict[str, str]:
    return dict.fromkeys(map(node, NAMES), "o")


def test_no_history_is_no_memory(tmp_path: Path) -> None:
    for history in ("", str(tmp_path / "none.sqlite")):
        assert recalled(history, HERE, rules=RULES, tree="t", base="", tests={"t": "o"}, before=9.0).memory == Memory()


def test_history_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HistoryError, match="not a history"):
        recalled(str(tmp_path / "notes.txt"), HERE, rules=RULES, tree="t", base="", tests={"t": "o"}, before=9.0)


def test_what_was_judged_since_the_run_began_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    played = Played(
        is_main=True, failed=frozenset("t"), not_run=frozenset(), order="o", answers=(True, False, False, False)
    )
    for number in (1, 2):
        case, judgement = judge(number, number, played, Memory())
        save(path, [record_of(number, number, case, judgement, played)])
    told = recalled(str(path), HERE, rules=RULES, tree="", base="", tests={}, before=2.0)
    assert (told.memory.runs, told.commits) == (1, ("commit 1",))


@pytest.mark.parametrize(
    ("base", "order", "expected"),
    [("base 1", "o", {"s"}), ("base 1", "other", None), ("base 2", "o", None), ("", "o", None)],
)
def test_a_failure_that_was_order_dependent_against_the_same_base_is_told_of_the_same_order_alone(
    tmp_path: Path, base: str, order: str, expected: set[str] | None
) -> None:
    kinds = {"t": Kind.ORDER_DEPENDENT, "u": Kind.FLAKY}
    judged = tuple(Judged(test=node(name), signature="s", kind=str(kind), is_red=False) for name, kind in kinds.items())
    of_try = TryOutcomes(
        key="try",
        run="run",
        at=1.0,
        environment=HERE,
        commit="c",
        lineage=Lineage(tree="tree", base="base 1"),
        order="o",
        files=(FileOutcomes(path="test_a.py", suffixes=msgspec.json.encode(list(kinds)), letters="FF"),),
        goes=tuple(Go(path="test_a.py", suffix=name, ended=Ended.FAILED, signature="s") for name in kinds),
    )
    run = JudgedRun(key="run", at=1.0, environment=HERE, failures=judged)
    path = tmp_path / "history.sqlite"
    save(path, [RunRecord(outcomes=(of_try,), judged=(run,))])
    tests = dict.fromkeys(map(node, kinds), order)
    told = recalled(str(path), HERE, rules=RULES, tree="", base=base, tests=tests, before=9.0)
    assert told.memory.base_in_order == ({node("t"): expected} if expected else {})


def test_commits_have_numbers_and_numbers_have_commits(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    played = Played(is_main=True, failed=frozenset(), not_run=frozenset(), order="o", answers=(True,))
    for number, commit in ((1, 1), (2, 2), (3, 1)):  # the first one ran again
        case, judgement = judge(number, commit, played, Memory())
        save(path, [record_of(number, commit, case, judgement, played)])
    told = recalled(str(path), HERE, rules=RULES, tree="", base="", tests={}, before=9.0)
    assert told.commits == ("commit 1", "commit 2")
    assert told.number_of("commit 2", is_main=True) == 2
    assert told.number_of("commit 2", is_main=False) == 3
    assert told.number_of("new", is_main=True) == 3
    assert (told.name_of(2), told.name_of(3), told.name_of(0)) == ("commit 2", "", "")


def test_sources_without_a_name_have_passed_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    played = Played(is_main=True, failed=frozenset(), not_run=frozenset(), order="o", answers=(True,))
    case, judgement = judge(1, 1, played, Memory())
    save(path, [record_of(1, 1, msgspec.structs.replace(case, tree=""), judgement, played)])
    told = recalled(str(path), HERE, rules=RULES, tree="", base="", tests=map_nodes(), before=9.0)
    assert not told.memory.has_passed("", node("t"))
