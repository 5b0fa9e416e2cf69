import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from history_samples import DAY, ELSEWHERE, HERE, NOW, file_run, run_of
from hypothesis import given
from hypothesis import strategies as st
from outcome_samples import go, judged, judged_run, try_of

from ci_toolkit.history import outcome_tables
from ci_toolkit.history.locations import add_run, open_history
from ci_toolkit.history.outcome_tables import TABLES
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import GoKind, JudgedRun, KnownGo

MEMORY = Path(":memory:")
T = "test_a.py::t"


def goes(history: SqliteHistory, test: str = T, environment: str = "", most: int = 200) -> Sequence[KnownGo]:
    with history.outcomes() as outcomes:
        return outcomes.goes(test, environment, most)


def passes(history: SqliteHistory, test: str = T, environment: str = HERE, tree: str = "tree") -> int:
    with history.outcomes() as outcomes:
        return outcomes.passes([test], environment, tree)[test]


def everything(history: SqliteHistory) -> object:
    with history.outcomes() as outcomes:
        names = sorted(outcomes.tests())
        runs = [(found.run, [name in found.passed for name in names]) for found in outcomes.judged_runs(HERE)]
        return names, {name: outcomes.goes(name) for name in names}, runs, outcomes.passes(names, HERE, "tree")


def test_failure_comes_back_with_its_signature_and_all_that_is_known_of_its_try() -> None:
    failed = go("t")
    with SqliteHistory(MEMORY) as history:
        history.add(try_of({"t": "F", "u": "."}, failed), now=NOW)
        (known,) = goes(history)
        assert known.go == failed
        assert (known.at, known.run, known.commit, known.shard) == (NOW, "run", "c0ffee", 1)
        assert (known.lineage.tree, known.lineage.base, known.lineage.branch) == ("tree", "ba5e", "main")
        assert (known.environment, known.order) == (HERE, "order")
        assert [found.go.ended for found in goes(history, "test_a.py::u")] == [Ended.PASSED]
        assert goes(history, "test_a.py::unknown") == ()


def test_goes_come_the_latest_first_and_no_more_than_asked_for() -> None:
    rerun = (go("t"), go("t", number=1, kind=GoKind.AGAIN), go("t", Ended.PASSED, number=2, kind=GoKind.AGAIN))
    with SqliteHistory(MEMORY) as history:
        history.add(try_of({"t": "."}, key="old", at=NOW - 2), now=NOW)
        history.add(try_of({"t": "R"}, *rerun, key="new", at=NOW - 1), now=NOW)
        history.add(try_of({"t": "s"}, key="elsewhere", environment=ELSEWHERE), now=NOW)
        assert "".join(known.go.ended for known in goes(history)) == "s.FF."
        assert "".join(known.go.ended for known in goes(history, environment=HERE)) == ".FF."
        assert "".join(known.go.ended for known in goes(history, most=2)) == "s."


def test_passes_are_counted_for_each_environment_and_tree() -> None:
    trials = (
        go("t"),
        go("t", Ended.PASSED, number=1, kind=GoKind.ISOLATED),
        go("t", Ended.PASSED, number=2, kind=GoKind.ISOLATED, on_base=True),
    )
    with SqliteHistory(MEMORY) as history:
        for number in range(3):
            history.add(try_of({"t": "."}, key=f"passed {number}"), now=NOW)
        history.add(try_of({"t": "F"}, *trials, key="failed"), now=NOW)
        history.add(try_of({"t": "x"}, key="expected to fail"), now=NOW)
        history.add(try_of({"t": "."}, key="another tree", tree="other"), now=NOW)
        history.add(try_of({"t": "."}, key="no tree", tree=""), now=NOW)
        history.add(try_of({"t": "."}, key="elsewhere", environment=ELSEWHERE), now=NOW)
        assert passes(history) == 3 + 1
        assert passes(history, tree="other") == 1
        assert passes(history, environment=ELSEWHERE) == 1
        assert passes(history, tree="") == 0, "sources without a name are not equal"
        assert passes(history, "test_a.py::unknown") == 0


def test_runs_in_the_same_order_are_those_of_the_base_and_of_changes_of_it() -> None:
    def lineage(tree: str, base: str) -> Lineage:
        return Lineage(tree=tree, base=base, branch="b")

    def add(history: SqliteHistory, name: str, **about: Any) -> None:
        history.add(try_of({"t": "F"}, go("t"), key=name, run=name, **about), now=NOW)

    with SqliteHistory(MEMORY) as history:
        add(history, "the base itself", commit="ba5e", lineage=lineage("tree of the base", "older"))
        add(history, "the same sources", commit="c1", lineage=lineage("tree of the base", "older"))
        add(history, "a change of it", commit="c2", lineage=lineage("", "ba5e"))
        add(history, "in another order", commit="ba5e", lineage=lineage("tree of the base", "older"), order="other")
        add(history, "with changes of its own", commit="ba5e", lineage=lineage("", "older"))
        add(history, "of other sources", commit="c3", lineage=lineage("another tree", "older"))
        add(history, "elsewhere", commit="ba5e", lineage=lineage("tree of the base", "older"), environment=ELSEWHERE)
        history.add(try_of({"t": "."}, key="it passed", run="it passed", commit="ba5e"), now=NOW)
        with history.outcomes() as outcomes:
            found = outcomes.runs_in_order(T, HERE, "ba5e", "order")
            nothing = [
                outcomes.runs_in_order(T, HERE, "ba5e", "no such order"),
                outcomes.runs_in_order(T, HERE, "", "order"),
                outcomes.runs_in_order(T, HERE, "ba5e", ""),
                outcomes.runs_in_order("test_a.py::unknown", HERE, "ba5e", "order"),
            ]
        assert found == {"the base itself", "the same sources", "a change of it"}
        assert not any(nothing)


def test_trial_that_fails_as_the_test_did_has_its_words() -> None:
    trial = msgspec.structs.replace(go("t", number=1, kind=GoKind.ISOLATED), cause="", text="")
    with SqliteHistory(MEMORY) as history:
        history.add(try_of({"t": "F"}, go("t"), trial), now=NOW)
        assert [known.go.text for known in goes(history)] == [go("t").text, go("t").text]


def test_file_that_could_not_be_imported_is_an_outcome_of_its_own() -> None:
    broken = msgspec.structs.replace(go("", Ended.ERROR), path="test_broken.py")
    with SqliteHistory(MEMORY) as history:
        history.add(try_of({"t": "."}, broken), now=NOW)
        (known,) = goes(history, "test_broken.py")
        assert known.go == broken


def test_judged_runs_come_the_oldest_first_and_say_what_passed() -> None:
    with SqliteHistory(MEMORY) as history:
        history.add(judged_run(judged(T), key="second", at=NOW - 1), now=NOW)
        history.add(judged_run(key="first", at=NOW - 2), now=NOW)
        history.add(try_of({"t": "."}, key="a", run="first"), now=NOW)
        history.add(try_of({"t": "F"}, go("t"), key="b", run="second"), now=NOW)
        with history.outcomes() as outcomes:
            found = list(outcomes.judged_runs(HERE))
            assert list(outcomes.judged_runs(ELSEWHERE)) == []
        assert [(run.run.key, T in run.passed) for run in found] == [("first", True), ("second", False)]
        assert found[1].run.failures == (judged(T),)


def test_rulings_on_a_test_come_the_latest_first_and_those_on_others_not_at_all() -> None:
    with SqliteHistory(MEMORY) as history:
        with history.outcomes() as outcomes:
            assert outcomes.rulings([T]) == {T: ()}
        history.add(judged_run(judged(T), key="first", at=NOW - 2), now=NOW)
        history.add(judged_run(judged(T, "regression"), judged("test_a.py::u"), key="second", at=NOW - 1), now=NOW)
        with history.outcomes() as outcomes:
            found = outcomes.rulings([T, "test_a.py::unknown"])
        assert [(ruling.run, ruling.judged.kind) for ruling in found[T]] == [
            ("second", "regression"),
            ("first", "flaky"),
        ]
        assert not found["test_a.py::unknown"]


def test_of_two_accounts_of_a_run_the_later_stays() -> None:
    early, late = judged_run(at=NOW - 1), judged_run(judged(T), at=NOW)
    for order in ((early, late), (late, early)):
        with SqliteHistory(MEMORY) as history:
            for run in order:
                history.add(run, now=NOW)
            with history.outcomes() as outcomes:
                assert [found.run for found in outcomes.judged_runs(HERE)] == list(late.judged)


letters = st.dictionaries(st.sampled_from("tuv"), st.sampled_from(".FsxE?R"), min_size=1)
records = st.lists(
    st.one_of(
        st.builds(
            lambda key, at, tests, environment: try_of(
                tests,
                *(go(name) for name, letter in tests.items() if letter in "FE"),
                key=key,
                at=NOW - at,
                run=key[0],
                environment=environment,
            ),
            st.sampled_from(["k", "l", "m", "n"]),
            st.integers(0, 5),
            letters,
            st.sampled_from([HERE, ELSEWHERE]),
        ),
        st.builds(
            lambda key, at, names: judged_run(*(judged(f"test_a.py::{name}") for name in names), key=key, at=NOW - at),
            st.sampled_from(["k", "l", "m"]),
            st.integers(0, 5),
            st.lists(st.sampled_from("tuv"), unique=True),
        ),
    ),
    max_size=10,
    unique_by=lambda record: record.outcomes[0].key if record.outcomes else repr(record.judged),
)


@given(records, st.data())
def test_runs_merge_as_a_set_in_any_order_and_as_often_as_you_like(runs: list[RunRecord], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*runs, *data.draw(st.lists(st.sampled_from(runs)))] if runs else []))
    with SqliteHistory(MEMORY) as one, SqliteHistory(MEMORY) as other:
        for run in [RunRecord(), *runs]:
            one.add(run, now=NOW)
        for run in [RunRecord(), *again]:
            other.add(run, now=NOW)
        assert everything(one) == everything(other)


def counts(history: SqliteHistory) -> dict[str, int]:
    tables = ("tries", "first_goes", "goes", "signatures", "names", "judged_runs")
    with closing(sqlite3.connect(history.path)) as file:
        return {table: file.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_old_outcomes_are_forgotten_with_all_that_only_they_had(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.sqlite") as history:
        history.add(try_of({"t": "F"}, go("t"), key="old", at=NOW), now=NOW)
        history.add(judged_run(judged(T), at=NOW), now=NOW)
        history.add(try_of({"u": "."}, key="new", at=NOW + 200 * DAY), now=NOW + 200 * DAY)
        assert goes(history) == ()
        assert counts(history)["judged_runs"] == 0
        history.prune(gone=[], before=0.0)
        assert counts(history) | {"judged_runs": 0} == {
            "tries": 1,
            "first_goes": 1,
            "goes": 0,
            "signatures": 0,
            "names": 1,
            "judged_runs": 0,
        }


def test_size_is_bounded_and_the_latest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_tables, "KEPT_TRIES", 5)
    monkeypatch.setattr(outcome_tables, "KEPT_SIGNATURES", 3)
    monkeypatch.setattr(outcome_tables, "KEPT_NAMES", 4)
    monkeypatch.setattr(outcome_tables, "KEPT_JUDGED", 2)
    with SqliteHistory(tmp_path / "history.sqlite") as history:
        for number in range(20):
            name = f"t[{number}]"
            failed = go(name, signature=f"5ea1{number}")
            history.add(try_of({name: "F", "u": "."}, failed, key=f"{number}", at=NOW + number), now=NOW + number)
            history.add(judged_run(key=f"{number}", at=NOW + number), now=NOW + number)
            known = counts(history)
            assert known["tries"] <= 5
            assert known["signatures"] <= 3
            with history.outcomes() as outcomes:
                assert len(list(outcomes.tests())) <= 4
            assert known["judged_runs"] <= 2
            (latest,) = goes(history, f"test_a.py::{name}")
            assert latest.go == failed


def test_pruning_forgets_the_goes_of_a_file_that_is_gone(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.sqlite") as history:
        history.add(try_of({"t": "F"}, go("t")), now=NOW)
        history.prune(gone=["test_a.py"], before=0.0)
        assert counts(history)["goes"] == 0


# --- files of version 1 ---------------------------------------------------------------------------


def version_1(path: Path) -> Path:
    """Make a history as the version without outcomes left it."""
    add_run(str(path), run_of(file_run({"t": 2.5}, outcomes="F")), now=NOW)
    with sqlite3.connect(path) as connection:
        for statement in TABLES.split("CREATE TABLE ")[1:]:
            connection.execute(f"DROP TABLE {statement.split()[0]}")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    return path


def test_history_without_outcomes_is_read_as_it_is(tmp_path: Path) -> None:
    path = version_1(tmp_path / "history.sqlite")
    before = path.read_bytes()
    store = open_history(str(path))
    assert isinstance(store, SqliteHistory)
    with store:
        assert [run.key for run in store.file_runs(HERE)] == [f"test_a.py@{NOW}"]
        assert everything(store) == ([], {}, [], {})
        assert goes(store) == ()
        assert passes(store) == 0
    assert path.read_bytes() == before


def test_history_without_outcomes_is_brought_up_to_date_when_a_run_is_added(tmp_path: Path) -> None:
    path = version_1(tmp_path / "history.sqlite")
    assert add_run(str(path), try_of({"t": "F"}, go("t")), now=NOW) == (0, "")
    store = open_history(str(path))
    assert isinstance(store, SqliteHistory)
    with store:
        assert len(list(store.file_runs(HERE))) == 1, "nothing of it is lost"
        assert len(store.incidents()) == 1
        assert [known.go for known in goes(store)] == [go("t")]


def test_unknown_kind_of_a_judged_run_is_kept() -> None:
    run: JudgedRun = judged_run(judged(T, "of a later court")).judged[0]
    with SqliteHistory(MEMORY) as history:
        history.add(RunRecord(judged=(run,)), now=NOW)
        with history.outcomes() as outcomes:
            assert [found.run for found in outcomes.judged_runs(HERE)] == [run]
