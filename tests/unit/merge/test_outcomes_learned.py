from pathlib import Path
from typing import Any

import msgspec
import pytest
from bundle_samples import bundle_of, halves, leave_bundle, piece, plan_of
from journal_samples import (
    PYTHON,
    call,
    closed,
    collected,
    crashed,
    fails,
    fold_of,
    is_rerun,
    passes,
    phase,
    piece_of,
    setup,
    started,
    teardown,
    uncollectable,
)

from ci_toolkit.merge.merge import merge_run
from ci_toolkit.merge.outcomes_learned import MOST_GOES, order_digest
from ci_toolkit.merge.shard_merge import merge_shard
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.journal import Failure
from ci_toolkit.model.lineage import Lineage
from ci_toolkit.model.outcomes import MOST_TEXT, Go, TryOutcomes
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.signature import joined, signature_of

PLAN = plan_of(["test_a.py"])
TWO = collected("test_a.py", "test_1", "test_2")


def learned(results: Path, *records: Any, plan: Plan = PLAN, **card: Any) -> TryOutcomes:
    leave_bundle(results, plan, 1, {"main": records}, **card)
    merge = merge_shard(bundle_of(results, plan), plan.shard(1), results / "1.xml", frozenset(), learns=True)
    assert merge.problems == ()
    assert merge.outcomes is not None
    return merge.outcomes


def signature(message: str, node_id: str = "test_a.py::test_2") -> str:
    return signature_of(Failure(message=message, detail=f"traceback of {message}"), node_id).digest


def in_short(goes: tuple[Go, ...]) -> list[tuple[str, int, str, str, str]]:
    return [(go.suffix, go.number, str(go.kind), str(go.ended), go.signature) for go in goes]


def test_try_says_whose_it_is_and_how_each_test_ended(tmp_path: Path) -> None:
    lineage = Lineage(tree="7ree", base="ba5e", branch="change")
    records = (TWO, *passes(0), *fails(1, "assert 0"), closed(1))
    found = learned(tmp_path, *records, commit="c0ffee", lineage=lineage, run_attempt=3)
    assert (found.run, found.run_attempt, found.commit, found.lineage) == ("run-1", 3, "c0ffee", lineage)
    assert (found.shard, found.at, found.environment) == (1, 1000.0, "cpython-3.12-linux")
    assert [(file.path, file.suffixes, file.letters) for file in found.files] == [
        ("test_a.py", b'["test_1","test_2"]', ".F")
    ]
    assert in_short(found.goes) == [("test_2", 0, "first", "F", signature("assert 0"))]
    assert (found.goes[0].text, found.goes[0].seconds) == ("AssertionError: assert 0", 0.75)


def test_test_that_passed_in_a_rerun_leaves_each_go_with_its_signature(tmp_path: Path) -> None:
    reruns = (started(1), *is_rerun(1, "boom"), *is_rerun(1, "crash"), setup(1), call(1), teardown(1))
    found = learned(tmp_path, TWO, *passes(0), *reruns, closed())
    assert found.files[0].letters == ".R"
    assert in_short(found.goes) == [
        ("test_2", 0, "first", "F", signature("boom")),
        ("test_2", 1, "again", "F", signature("crash")),
        ("test_2", 2, "again", ".", ""),
    ]
    assert [go.seconds for go in found.goes] == [0.25, 0.25, 0.75]


def test_failures_of_several_phases_and_subtests_make_one_signature(tmp_path: Path) -> None:
    parts = (phase(1, "call", "failed", message=text, subtest=text) for text in ("one", "other"))
    records = (started(1), setup(1), *parts, call(1, "failed", message="one"), teardown(1, "failed", message="late"))
    (go,) = learned(tmp_path, TWO, *passes(0), *records, closed(1)).goes
    assert go.signature == joined([signature("one"), signature("other"), signature("late")])


def test_dead_process_and_broken_file_are_failures_too(tmp_path: Path) -> None:
    plan = plan_of(["test_a.py", "test_b.py"])
    records = (TWO, uncollectable("test_b.py"), *passes(0), started(1), crashed("test_a.py::test_2"), closed(1))
    found = learned(tmp_path, *records, plan=plan)
    assert [(go.path, go.suffix, str(go.ended)) for go in found.goes] == [
        ("test_a.py", "test_2", "E"),
        ("test_b.py", "", "E"),
    ]
    assert all(go.signature for go in found.goes)


@pytest.mark.parametrize("outcome", ["skipped", "xfailed", "xpassed"])
def test_what_did_not_fail_is_a_letter_alone(tmp_path: Path, outcome: str) -> None:
    found = learned(tmp_path, TWO, *passes(0), started(1), setup(1), call(1, outcome), teardown(1), closed())
    assert found.goes == ()
    assert found.files[0].letters != ""


def test_namesakes_do_not_hide_each_other(tmp_path: Path) -> None:
    twins = collected("test_a.py", "test_1", "test_1")
    found = learned(tmp_path, twins, *fails(0, "one"), *fails(1, "other"), closed(1))
    assert [(go.number, go.signature) for go in found.goes] == [
        (0, signature("one", "test_a.py::test_1")),
        (1, signature("other", "test_a.py::test_1")),
    ]


def test_what_is_kept_of_a_failure_is_short_and_has_no_secret(tmp_path: Path) -> None:
    message = f"ConnectionError: postgresql://me:hush@host/db {'x' * 10_000}\nand more"
    (go,) = learned(tmp_path, TWO, *passes(0), *fails(1, message), closed(1)).goes
    assert "hush" not in go.text
    assert len(go.text) <= MOST_TEXT


def test_mass_of_failures_is_bounded_and_every_letter_stays(tmp_path: Path) -> None:
    count = MOST_GOES + 5
    many = collected("test_a.py", *(f"test_{n}" for n in range(count)))
    found = learned(tmp_path, many, *(record for n in range(count) for record in fails(n)), closed(1))
    assert len(found.goes) == MOST_GOES
    assert found.files[0].letters == "F" * count


def test_order_is_that_in_which_tests_began() -> None:
    one = fold_of({"main": [TWO, *passes(0), *passes(1)]})
    other = fold_of({"main": [TWO, *passes(1), *passes(0)]})
    again = fold_of({"main": [collected("test_a.py", "test_2", "test_1"), *passes(1), *passes(0)]})
    assert order_digest(one) != order_digest(other)
    assert order_digest(one) == order_digest(again)
    assert order_digest(fold_of({"main": [TWO]})) == ""
    side_by_side = fold_of({"gw0": [TWO, *passes(0)], "gw1": [TWO, *passes(1)]})
    assert order_digest(side_by_side) != order_digest(one)


# --- of whole runs --------------------------------------------------------------------------------


def tries(results: Path, plan: Plan) -> list[TryOutcomes]:
    run = merge_run(plan, results, results / ".." / "out", tell=lambda _: None, learns=True)
    return list(run.history.outcomes)


def test_earlier_tries_of_a_shard_are_kept_beside_the_one_that_counts(tmp_path: Path) -> None:
    results = tmp_path / "results"
    failed = {"main": [TWO, *passes(0), *fails(1), closed(1)]}
    passed = {"main": [TWO, *passes(0), *passes(1), closed()]}
    leave_bundle(results / "try-1", PLAN, 1, failed, run_attempt=1)
    leave_bundle(results / "try-2", PLAN, 1, passed, run_attempt=2, began_at=2.0)
    found = sorted(tries(results, PLAN), key=lambda of_try: of_try.run_attempt)
    assert [(of_try.run_attempt, of_try.files[0].letters) for of_try in found] == [(1, ".F"), (2, "")]


def test_tries_of_one_plan_that_began_at_once_have_names_of_their_own(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for number in (1, 2):
        journal = {"main": [TWO, *passes(0), *passes(1), closed()]}
        leave_bundle(results / f"try-{number}", PLAN, 1, journal, run_attempt=number, began_at=float(number))
    assert len({of_try.key for of_try in tries(results, PLAN)}) == 2


def test_damaged_bundle_teaches_no_outcome(tmp_path: Path) -> None:
    results = tmp_path / "results"
    folder = leave_bundle(results, PLAN, 1, {"main": [TWO, *passes(0), *fails(1), closed(1)]})
    journal = next((folder / "journal").iterdir())
    journal.write_bytes(journal.read_bytes().replace(b"test_2", b"test_3"))
    assert tries(results, PLAN) == []


def test_killed_shard_leaves_what_it_knew(tmp_path: Path) -> None:
    results = tmp_path / "results"
    card = {"state": ShardState.RUNNING, "journals": (), "environment": None}
    leave_bundle(results, PLAN, 1, {"main": [TWO, *fails(0), started(1)]}, **card)
    (found,) = tries(results, PLAN)
    assert found.files[0].letters == "F?"
    assert found.environment == "cpython-3.12-linux"
    assert PYTHON.python.startswith("3.12")


def test_file_whose_ids_change_from_shard_to_shard_is_kept_by_function(tmp_path: Path) -> None:
    results = tmp_path / "results"
    plan = plan_of([piece("test_a.py", 1)], [piece("test_a.py", 2)], cuts=[halves("test_a.py", ["f"], ["g"])])
    first = piece_of("test_a.py", 1, ["f[1]", "f[2]"], ["f", "g"], ids="one")
    second = piece_of("test_a.py", 2, ["g[3]"], ["f", "g"], ids="other")
    leave_bundle(results, plan, 1, {"main": [first, *fails(0), *fails(1), closed(1)]})
    leave_bundle(results, plan, 2, {"main": [second, *passes(0), closed()]})
    found = {of_try.shard: of_try for of_try in tries(results, plan)}
    assert msgspec.json.decode(found[1].files[0].suffixes) == ["f"]
    assert [(go.suffix, go.number) for go in found[1].goes] == [("f", 0), ("f", 1)]
    assert msgspec.json.decode(found[2].files[0].suffixes) == ["g"]
