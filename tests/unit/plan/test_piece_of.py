from typing import Any

import msgspec
import pytest

from ci_toolkit.errors import FormatError
from ci_toolkit.model.plan import Cut, PieceOf, Plan, PlannedShard, Unit, plan_from_json, plan_to_json
from ci_toolkit.plan.shard_of import ShardOf

CUT = Cut(
    path="big.py",
    pieces=(
        ("test_a", "test_b[1]", "TestA::test_1", "TestB::test_4"),
        ("test_b[2]", "TestA::test_2", "TestA::TestIn::test_3"),
        ("test_c",),
    ),
)


@pytest.mark.parametrize(
    ("suffix", "piece"),
    [
        ("test_a", 1),
        ("test_a[new]", 1),
        ("test_b[1]", 1),
        ("test_b[2]", 2),
        ("test_b[new]", 2),  # the last piece that names its function
        ("test_b", 2),
        ("test_c[x]", 3),
        ("TestA::test_1", 1),
        ("TestA::test_new", 2),  # the last that names its class
        ("TestA::test_new[x]", 2),
        ("TestA::TestIn::test_new", 2),
        ("TestB::test_new", 1),
        ("TestNew::test_x", 3),  # the last
        ("test_new", 3),
        ("", 3),
    ],
)
def test_every_possible_test_of_a_cut_file_belongs_to_one_piece(suffix: str, piece: int) -> None:
    assert PieceOf(CUT)(suffix) == piece


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("test_a", "test_a"),
        ("test_a[new]", "test_a"),
        ("test_b[1]", "test_b[1]"),
        ("test_b[new]", ""),
        ("test_new", ""),
        ("TestA::test_1[x]", "TestA::test_1"),
        ("TestA::test_new", ""),
    ],
)
def test_a_cut_names_a_test_by_itself_or_by_its_function(suffix: str, name: str) -> None:
    assert PieceOf(CUT).name_of(suffix) == name


def test_a_test_of_no_class_joins_the_last_piece_that_names_such_a_test_or_else_the_last() -> None:
    cut = Cut(path="big.py", pieces=(("test_a",), ("TestA::test_1",)))
    assert PieceOf(cut)("test_new") == 1
    assert PieceOf(cut)("TestNew::test_new") == 2


def units(*units: tuple[str, int, int]) -> tuple[Unit, ...]:
    return tuple(Unit(path=path, piece=piece, pieces=pieces, estimated_seconds=1.0) for path, piece, pieces in units)


def plan_of(*shards: tuple[Unit, ...], cuts: tuple[Cut, ...] = (CUT,), **more: Any) -> Plan:
    planned = tuple(
        PlannedShard(index=index, estimated_seconds=1.0, units=units) for index, units in enumerate(shards, start=1)
    )
    return Plan(shards=planned, cuts=cuts, lower_bound_seconds=1.0, makespan_seconds=2.0, **more).sealed()


GOOD = (units(("a.py", 0, 0), ("big.py", 2, 3)), units(("big.py", 1, 3)), units(("big.py", 3, 3)))


def test_a_plan_reads_back_as_it_was_written_and_answers_for_its_shards_and_cuts() -> None:
    plan = plan_from_json(plan_to_json(plan_of(*GOOD)), origin="plan.json")
    assert plan == plan_of(*GOOD)
    assert [plan.shard(index).index for index in (1, 2, 3)] == [1, 2, 3]
    assert (plan.cut_of("big.py"), plan.cut_of("a.py")) == (CUT, None)


@pytest.mark.parametrize("index", [0, 4, -1])
def test_a_shard_that_the_plan_lacks_is_an_error_with_the_indexes_that_there_are(index: int) -> None:
    with pytest.raises(FormatError) as caught:
        plan_of(*GOOD).shard(index)
    assert caught.value.message == f"the plan has no shard {index}: its shards are 1 to 3"
    assert caught.value.advice == "Shards count from 1; take the index from the plan's matrix."


@pytest.mark.parametrize(
    ("shards", "wrong"),
    [
        ((*GOOD, units(("a.py", 0, 0))), "a.py (piece 0)"),  # twice
        ((*GOOD, units(("big.py", 1, 3))), "big.py (piece 1)"),
        ((*GOOD, units(("big.py", 4, 3))), "big.py (piece 4)"),  # a piece that is not
        ((*GOOD, units(("big.py", 0, 0))), "big.py (piece 0)"),  # the whole of a cut file
        ((*GOOD, units(("b.py", 1, 2))), "b.py (piece 1)"),  # a piece of a whole file
        ((units(("big.py", 1, 4)), units(("big.py", 2, 4)), units(("big.py", 3, 4))), "big.py (piece 1)"),
    ],
)
def test_a_plan_that_gives_something_to_two_shards_or_cuts_it_wrongly_is_refused(
    shards: tuple[tuple[Unit, ...], ...], wrong: str
) -> None:
    with pytest.raises(FormatError) as caught:
        plan_from_json(plan_to_json(plan_of(*shards)), origin="plan.json")
    assert caught.value.message == f"plan.json gives {wrong} to more than one shard, or cuts it wrongly"


def test_a_plan_that_leaves_a_piece_out_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        plan_from_json(plan_to_json(plan_of(*GOOD[:2])), origin="plan.json")
    assert caught.value.message == (
        "plan.json leaves something out: pieces [('big.py', 3)], or shards not numbered from 1"
    )


def test_a_plan_whose_shards_are_not_numbered_from_1_is_refused() -> None:
    plan = plan_of(*GOOD)
    second = msgspec.structs.replace(plan.shards[1], index=7)
    wrong = msgspec.structs.replace(plan, shards=(plan.shards[0], second, plan.shards[2])).sealed()
    with pytest.raises(FormatError, match="shards not numbered from 1"):
        plan_from_json(plan_to_json(wrong), origin="plan.json")


def test_a_plan_that_was_changed_after_it_was_planned_is_refused_with_advice() -> None:
    changed = msgspec.structs.replace(plan_of(*GOOD), mode="nightly")
    with pytest.raises(FormatError) as caught:
        plan_from_json(plan_to_json(changed), origin="other.json")
    assert caught.value.message == (
        "other.json was changed after it was planned: its plan_id is not the digest of its content"
    )
    assert caught.value.advice == "Plan again with `ci-toolkit plan`; plans are not edited by hand."


def test_the_digest_is_of_everything_but_itself_and_an_int_of_seconds_reads_as_a_float() -> None:
    plan = plan_of(*GOOD)
    assert plan.plan_id == plan.digest() == msgspec.structs.replace(plan, plan_id="x").digest()
    assert len(plan.plan_id) == 64
    assert plan_of(*GOOD, mode="ci").plan_id != plan.plan_id
    of_run = plan.of_run("run-1")
    assert (of_run.run_id, of_run.plan_id, of_run.digest()) == ("run-1", plan.plan_id, plan.plan_id)
    assert plan_from_json(plan_to_json(of_run), origin="plan.json") == of_run
    whole = msgspec.structs.replace(plan, makespan_seconds=2)
    assert whole.sealed().plan_id == plan.plan_id


def test_the_shard_of_a_test_is_that_of_its_file_or_of_its_piece() -> None:
    shard_of = ShardOf(plan_of(*GOOD))
    assert (shard_of.is_cut("big.py"), shard_of.is_cut("a.py"), shard_of.is_cut("gone.py")) == (True, False, False)
    asked = [("a.py", "test_x"), ("big.py", "test_a"), ("big.py", "test_b[2]"), ("big.py", "test_new")]
    assert [shard_of(*test) for test in asked] == [0, 1, 0, 2]
    assert shard_of("gone.py", "test_x") is None
